import { statSync } from 'node:fs'
import { quote, type DomainOptions } from '../../index.ts'
import { parseAddress } from '../address.ts'
import { usageError } from '../errors.ts'
import { askMonitor, monitorTarget } from '../schema/ask.ts'
import { compareSchemas } from '../schema/compare.ts'
import { differenceLine } from '../schema/difference.ts'
import type { Schema } from '../schema/model.ts'
import { readSchema } from '../schema/read.ts'
import { readSaved, savedSchema } from '../schema/saved.ts'
import type { Answer, LoneCode, Surroundings } from '../verb.ts'

/** A schema that is still to be read. */
type Source = (surroundings: Surroundings) => Promise<Schema>

/** Check what the verb was given, and say what it does then. */
export const prepareAlone: LoneCode['prepareAlone'] = ({ operands, whereOptions }, target) => {
  const [first, second, extra] = operands
  if (first === undefined) throw usageError('schema-diff: A is missing', 'schema-diff')
  if (extra !== undefined) throw usageError(`schema-diff: ${quote(extra)} is one operand too many`, 'schema-diff')
  const [where] = whereOptions
  if (second !== undefined && where !== undefined)
    throw usageError(`schema-diff: ${quote(second)} and ${where} both say what B is; give one`, 'schema-diff')
  const before = sourceOf(first)
  const after = second === undefined ? monitorSource(target.qmp) : sourceOf(second)
  return (surroundings) => compare(before, after, surroundings)
}

async function compare(before: Source, after: Source, surroundings: Surroundings): Promise<Answer> {
  // One after the other: both may be the same monitor, which accepts one client at a time.
  const differences = compareSchemas(await before(surroundings), await after(surroundings))
  return {
    json: { differences },
    text: () => (differences.length === 0 ? 'no differences' : differences.map(differenceLine).join('\n')),
  }
}

/** A socket is dialled, and what is not there too: that says why it cannot be. All else is read. */
function sourceOf(operand: string): Source {
  const address = parseAddress(operand)
  if (typeof address !== 'string' || isAddress(address)) return monitorSource(address)
  return () => Promise.resolve(schemaOfFile(address))
}

function isAddress(path: string): boolean {
  try {
    return statSync(path).isSocket()
  } catch {
    return true
  }
}

function schemaOfFile(file: string): Schema {
  const { qmp } = readSaved(file, 'schema-diff')
  if (qmp === undefined) throw usageError(`${quote(file)} has no reply to query-qmp-schema`, 'schema-diff')
  return savedSchema(qmp, file, 'schema-diff')
}

function monitorSource(qmp: DomainOptions['qmp']): Source {
  const monitor = monitorTarget(qmp)
  if (monitor === undefined) throw usageError('schema-diff: B is missing, and --qmp too', 'schema-diff')
  return async (surroundings) => readSchema(await askMonitor(monitor, surroundings))
}
