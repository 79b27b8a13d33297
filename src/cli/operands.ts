import { CpuMap, isCpuId, MAX_CPU_ID, InputError, quote, MAX_TIMEOUT_MS } from '../index.ts'
import { usageError } from './errors.ts'

const DECIMAL = /^\d+$/
/** What has a comma, a range or an exclusion in it is meant as a list. */
const LIST = /,|^\d+-|^\^/

/**
 * Reads the id of one CPU: decimal digits and nothing else, so that `0x5`, `1e1` and `5.0` are told and not guessed at.
 *
 * @throws {@link InputError} `ERR_CPU_ID`
 */
function parseCpuId(text: string): number {
  const id = Number(text)
  if (DECIMAL.test(text) && isCpuId(id)) return id
  throw new InputError('ERR_CPU_ID', `${quote(text)} is not a CPU id: ids are the integers 0 to ${MAX_CPU_ID}`)
}

/**
 * Reads the id of one CPU, or a list of them as virsh has it: `5-7,^6`.
 *
 * @throws {@link InputError} `ERR_CPU_ID`, or that of {@link CpuMap.parse}
 */
export function parseCpuIds(text: string): CpuMap {
  if (!LIST.test(text)) return CpuMap.of(parseCpuId(text))
  const ids = parseList(text)
  if (ids.size > 0) return ids
  throw new InputError('ERR_CPU_ID', `${quote(text)} excludes every CPU that it names`)
}

/** A part of a list may be too little to recognise the list by: `5,` is wrong for its empty part. */
function parseList(text: string): CpuMap {
  try {
    return CpuMap.parse(text)
  } catch (error) {
    if (!(error instanceof InputError) || error.message.includes(quote(text))) throw error
    throw new InputError(error.code, `${quote(text)}: ${error.message}`)
  }
}

/** The id, where there is only one. */
export function singleId(ids: CpuMap): number | undefined {
  return ids.size === 1 ? ids.first() : undefined
}

/**
 * Reads `on` or `off`.
 *
 * @throws {@link InputError} `ERR_STATE`
 */
export function parseState(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on'
  throw new InputError('ERR_STATE', `${quote(text)} is not a state, expected on or off`)
}

/**
 * Reads how many vCPUs there are to be. Whether the machine can have as many is for the machine to say.
 *
 * @throws {@link InputError} `ERR_COUNT`
 */
export function parseCount(text: string): number {
  const count = Number(text)
  if (DECIMAL.test(text) && count <= MAX_CPU_ID + 1) return count
  throw new InputError(
    'ERR_COUNT',
    `${quote(text)} is not a count of vCPUs, expected a whole number from 0 to ${MAX_CPU_ID + 1}`,
  )
}

/**
 * Reads a number of milliseconds.
 *
 * @throws {@link InputError} `ERR_TIMEOUT_RANGE`
 */
export function parseTimeoutMs(text: string): number {
  const timeoutMs = Number(text)
  if (DECIMAL.test(text) && timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS) return timeoutMs
  throw new InputError(
    'ERR_TIMEOUT_RANGE',
    `--timeout is ${quote(text)}, expected a whole number of milliseconds from 1 to ${MAX_TIMEOUT_MS}`,
  )
}

/**
 * Checks that a verb was given the operands that it asks for, no fewer and no more.
 *
 * @param names - what they are called in the verb's usage
 * @throws {@link InputError} `ERR_USAGE`
 */
export function requireOperands(verb: string, operands: readonly string[], names: readonly string[]): void {
  const missing = names[operands.length]
  if (missing !== undefined) throw usageError(`${verb}: ${missing} is missing`, verb)
  const extra = operands[names.length]
  if (extra !== undefined) throw usageError(`${verb}: ${quote(extra)} is one operand too many`, verb)
}
