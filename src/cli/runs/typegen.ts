import { quote } from '../../index.ts'
import { monitorMissing, usageError } from '../errors.ts'
import { qgaDeclaration, readGuestInfo, type AgentCommand } from '../schema/agent.ts'
import { askAgent, askMonitor, monitorTarget } from '../schema/ask.ts'
import { qmpDeclaration } from '../schema/declaration.ts'
import { declarationFile } from '../schema/heading.ts'
import type { Schema } from '../schema/model.ts'
import { readSchema } from '../schema/read.ts'
import { readSaved, savedGuestInfo, savedSchema } from '../schema/saved.ts'
import type { Answer, LoneCode, Surroundings } from '../verb.ts'

/** Check what the verb was given, and say what it does then. */
export const prepareAlone: LoneCode['prepareAlone'] = ({ operands, whereOptions }, target) => {
  const [file, extra] = operands
  if (extra !== undefined) throw usageError(`typegen: ${quote(extra)} is one operand too many`, 'typegen')
  const [where] = whereOptions
  if (file !== undefined && where !== undefined)
    throw usageError(`typegen: ${quote(file)} and ${where} both say where the types come from; give one`, 'typegen')
  if (file !== undefined) return () => Promise.resolve(typesOfFile(file))
  if (target.qmp === undefined && target.qga === undefined) throw monitorMissing('typegen')
  return typesOfVm
}

function typesOfFile(file: string): Answer {
  const { qmp, qga } = readSaved(file, 'typegen')
  return answer(
    { qmp, qga },
    qmp === undefined ? undefined : savedSchema(qmp, file, 'typegen'),
    qga === undefined ? undefined : savedGuestInfo(qga, file, 'typegen'),
  )
}

async function typesOfVm(surroundings: Surroundings): Promise<Answer> {
  const monitor = monitorTarget(surroundings.target.qmp)
  const { qga: channel } = surroundings.target
  const qmp = monitor === undefined ? undefined : await askMonitor(monitor, surroundings)
  const schema = qmp === undefined ? undefined : readSchema(qmp)
  if (channel === undefined) return answer({ qmp, qga: undefined }, schema, undefined)
  try {
    const qga = await askAgent(channel, surroundings)
    return answer({ qmp, qga }, schema, readGuestInfo(qga))
  } catch (error) {
    if (schema === undefined || surroundings.io.signal.aborted) throw error
    return { ...answer({ qmp, qga: undefined }, schema, undefined), failure: error }
  }
}

function answer(
  replies: { readonly qmp: unknown; readonly qga: unknown },
  schema: Schema | undefined,
  agent: readonly AgentCommand[] | undefined,
): Answer {
  return {
    json: { qmp: replies.qmp ?? null, qga: replies.qga ?? null },
    text: () => {
      const qmp = schema === undefined ? undefined : qmpDeclaration(schema)
      const qga = agent === undefined ? undefined : qgaDeclaration(agent)
      return declarationFile(qmp, qga).trimEnd()
    },
  }
}
