import { computeVcpuMaps } from '../../bitmap/machine/maps.ts'
import { isPlugged, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { InputError } from '../../errors/input-error.ts'
import { quote } from '../../errors/quote.ts'
import { RefusedError, type RefusalCode } from '../errors.ts'
import { planStep, type Plan } from './plan-step.ts'
import { countPlugged, type PlanBasis } from './plan.ts'

/** One reason why a map cannot be carried out. */
interface Problem {
  readonly code: RefusalCode
  /** All ids that it is about. */
  readonly ids: CpuMap
  readonly words: string
}

/**
 * Which slots to plug (lowest first) or unplug (highest first) so that all of `map` is plugged, or is not. Pure. Ids in
 * that state already are no step; other ids of the machine are left alone.
 *
 * @param wholeSlot - a slot of several ids is changed although the map has only some of them
 * @throws {@link InputError} `ERR_CPU_MAP` or `ERR_STATE` for an argument of another type
 * @throws {@link RefusedError} naming every id that does not exist, cannot be unplugged, or is missing from the map although it
 * moves with one that is in it; its `code` and `id` are those of the first
 */
export function planStates(basis: PlanBasis, map: CpuMap, online: boolean, wholeSlot = false): Plan {
  requireArguments(map, online)
  const { slots } = basis
  const from = countPlugged(slots)
  const touched = slots.filter((slot) => isPlugged(slot) !== online && anyIn(map, slot))
  refuseProblems(problemsOf(basis, map, online, touched, wholeSlot))
  const ordered = online ? touched : touched.toReversed()
  const steps = ordered.map((slot) => planStep(slot, online, 'asked for'))
  const moved = touched.reduce((sum, { count }) => sum + count, 0)
  return { from, to: online ? from + moved : from - moved, steps }
}

function requireArguments(map: unknown, online: unknown): void {
  if (!(map instanceof CpuMap)) {
    throw new InputError('ERR_CPU_MAP', `${quote(map)} is not a CpuMap; CpuMap.parse reads text such as "2-4,6"`)
  }
  if (typeof online === 'boolean') return
  throw new InputError('ERR_STATE', `the state is ${quote(online)}, expected true (on) or false (off)`)
}

function anyIn(map: CpuMap, { firstId, count }: VcpuSlot): boolean {
  for (let id = firstId; id < firstId + count; id++) if (map.has(id)) return true
  return false
}

function problemsOf(
  basis: PlanBasis,
  map: CpuMap,
  online: boolean,
  touched: readonly VcpuSlot[],
  wholeSlot: boolean,
): readonly Problem[] {
  const { slots, noHotplug } = basis
  const { possible } = computeVcpuMaps(slots)
  const problems = [strangers(map, possible)]
  if (noHotplug !== undefined) problems.push(withoutHotplug(touched, noHotplug))
  else if (!online) problems.push(fixed(touched))
  if (!wholeSlot) problems.push(...touched.map((slot) => incomplete(slot, map)))
  return problems.filter((problem) => problem.ids.size > 0)
}

function strangers(map: CpuMap, possible: CpuMap): Problem {
  const ids = map.difference(possible)
  const words = `vCPU ${String(ids)} does not exist: this machine has vCPUs ${String(possible)}`
  return { code: 'ERR_NO_SUCH_VCPU', ids, words }
}

function withoutHotplug(touched: readonly VcpuSlot[], noHotplug: string): Problem {
  const ids = idsOf(touched)
  const words = `vCPU ${String(ids)} cannot be changed: this machine type has no vCPU hotplug (QEMU: ${noHotplug})`
  return { code: 'ERR_NO_HOTPLUG', ids, words }
}

function fixed(touched: readonly VcpuSlot[]): Problem {
  const ids = idsOf(touched.filter(({ offlinable }) => !offlinable))
  return { code: 'ERR_NOT_OFFLINABLE', ids, words: `vCPU ${String(ids)} cannot be unplugged` }
}

function incomplete(slot: VcpuSlot, map: CpuMap): Problem {
  const ids = slot.ids.difference(map)
  const words = `the slot ${String(slot.ids)} only moves as a whole, and ${String(ids)} is missing`
  return { code: 'ERR_PART_OF_SLOT', ids, words }
}

function idsOf(slots: readonly VcpuSlot[]): CpuMap {
  return CpuMap.from(slots.flatMap(({ ids }) => [...ids]))
}

function refuseProblems(problems: readonly Problem[]): void {
  const [first] = problems
  const id = first?.ids.first()
  if (first === undefined || id === undefined) return
  throw new RefusedError(first.code, problems.map(({ words }) => words).join('; '), id)
}
