import { InputError } from '../errors/input-error.ts'
import { quote } from '../errors/quote.ts'
import { MAX_CPU_ID } from '../bitmap/set/cpu-id.ts'

/** What a domain does and takes in at most, so that nothing that a guest or a peer does can use up its process. */
export interface DomainLimits {
  /**
   * How many readings of the slots in a second events of QEMU may cause, in the long run; so many may come at once. A guest
   * can make QEMU send events without end (`ACPI_DEVICE_OST`). From 1 to 100; 20 unless given.
   */
  readonly maxHintsPerSecond?: number | undefined
  /**
   * How many vCPUs QEMU, and CPUs the guest's agent, may list, and above all their ids. More are an
   * `ERR_TOO_MANY_VCPUS` of the call that read them. From 1 to 65,536, which is the default.
   */
  readonly maxVcpus?: number | undefined
}

/** All limits, filled in. */
export type Limits = { readonly [K in keyof DomainLimits]-?: number }

interface Range {
  readonly usual: number
  readonly most: number
}

/** Every limit of a domain: the default and the largest. The smallest is 1, and all are whole numbers. */
const RANGES: { readonly [K in keyof Limits]: Range } = {
  maxHintsPerSecond: { usual: 20, most: 100 },
  maxVcpus: { usual: MAX_CPU_ID + 1, most: MAX_CPU_ID + 1 },
}

/** What stands beside them in the option: the limits of each connection (`wire/limits`). */
const CONNECTIONS: readonly string[] = ['qmp', 'qga']

/**
 * The limits to go by.
 *
 * @throws {@link InputError} `ERR_LIMIT`, naming the limit, what was given and the range
 */
export function requireLimits(given: DomainLimits = {}): Limits {
  if (!isObject(given)) {
    throw new InputError('ERR_LIMIT', `limits is ${quote(given)}, expected an object`)
  }
  const other = Object.keys(given).find((name) => !Object.hasOwn(RANGES, name) && !CONNECTIONS.includes(name))
  if (other !== undefined) {
    const names = [...Object.keys(RANGES), ...CONNECTIONS].join(', ')
    throw new InputError('ERR_LIMIT', `limits has no member ${quote(other)}, expected one of ${names}`)
  }
  return {
    maxHintsPerSecond: limitOf('maxHintsPerSecond', given),
    maxVcpus: limitOf('maxVcpus', given),
  }
}

function limitOf(name: keyof Limits, given: DomainLimits): number {
  const { usual, most } = RANGES[name]
  const value: unknown = given[name]
  if (value === undefined) return usual
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new InputError('ERR_LIMIT', `limits.${name} is ${quote(value)}, expected a whole number from 1 to ${most}`)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
