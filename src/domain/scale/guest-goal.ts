import type { GuestMaps } from '../../bitmap/machine/maps.ts'
import { MAX_CPU_ID } from '../../bitmap/set/cpu-id.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { InputError } from '../../errors/input-error.ts'
import { quote } from '../../errors/quote.ts'
import { RefusedError, type RefusalCode } from '../errors.ts'
import { NotReachableError } from './errors.ts'

/** CPUs of the guest to turn on or off, one after the other; ids are the guest's logical ids. */
export interface GuestPlan {
  readonly online: boolean
  /** In the order in which they are changed; none when nothing is left to do. */
  readonly ids: readonly number[]
}

/** What a run in the guest is to reach. */
export interface GuestGoal {
  /** In words, for messages. */
  readonly what: string
  /** What is left to do. Throws where it cannot be reached. */
  readonly plan: (maps: GuestMaps) => GuestPlan
}

/**
 * That the guest runs so many CPUs: the lowest that are off are turned on first, the highest that are on are turned off
 * first.
 *
 * @throws {@link InputError} `ERR_COUNT`
 */
export function guestCountGoal(target: number): GuestGoal {
  if (!Number.isInteger(target) || target < 0 || target > MAX_CPU_ID + 1) {
    throw new InputError('ERR_COUNT', `${quote(target)} is not a count of CPUs: expected 0 to ${MAX_CPU_ID + 1}`)
  }
  return {
    what: `scaling to ${target} CPUs that the guest runs`,
    plan: ({ online, onlinable, offlinable }) => {
      const missing = target - online.size
      const candidates = missing > 0 ? [...onlinable] : [...offlinable].reverse()
      const wanted = Math.abs(missing)
      if (candidates.length < wanted) throw unreachable(target, online.size, missing > 0, candidates.length)
      return { online: missing > 0, ids: candidates.slice(0, wanted) }
    },
  }
}

/**
 * That each CPU of a map is on, or off.
 *
 * @throws {@link InputError} `ERR_CPU_MAP`, `ERR_STATE`
 */
export function guestStatesGoal(map: CpuMap, wanted: boolean): GuestGoal {
  requireArguments(map, wanted)
  const state = wanted ? 'on' : 'off'
  return {
    what: `turning the guest's CPUs ${String(map)} ${state}`,
    plan: ({ online, offline, onlinable, offlinable, possible }) => {
      refuse('ERR_NO_SUCH_VCPU', map.difference(possible), (ids) => `lists ${String(possible)} and not ${ids}`)
      const touched = map.intersection(wanted ? offline : online)
      const fixed = touched.difference(wanted ? onlinable : offlinable)
      refuse(
        wanted ? 'ERR_NOT_ONLINABLE' : 'ERR_NOT_OFFLINABLE',
        fixed,
        (ids) => `says that CPU ${ids} cannot be turned ${state}`,
      )
      return { online: wanted, ids: wanted ? [...touched] : [...touched].reverse() }
    },
  }
}

function requireArguments(map: unknown, online: unknown): void {
  if (!(map instanceof CpuMap)) {
    throw new InputError('ERR_CPU_MAP', `${quote(map)} is not a CpuMap; CpuMap.parse reads text such as "2-4,6"`)
  }
  if (typeof online === 'boolean') return
  throw new InputError('ERR_STATE', `the state is ${quote(online)}, expected true (on) or false (off)`)
}

function refuse(code: RefusalCode, ids: CpuMap, why: (ids: string) => string): void {
  const first = ids.first()
  if (first !== undefined) throw new RefusedError(code, `the guest ${why(String(ids))}`, first)
}

function unreachable(target: number, online: number, isUp: boolean, available: number): NotReachableError {
  const limit = isUp ? online + available : online - available
  return new NotReachableError(
    target,
    isUp ? { below: limit, above: undefined } : { below: undefined, above: limit },
    `the guest runs ${online} CPUs, and ${available} more can be turned ${isUp ? 'on' : 'off'}`,
    'CPUs of the guest',
  )
}
