import type { GuestCpu } from '../../bitmap/machine/replies.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import type { QgaExecutor } from '../../qga/executor.ts'
import type { Deadline } from '../../wire/deadline.ts'
import type { SlotReading } from '../read-slots.ts'
import type { VcpuGuest } from '../results.ts'
import type { Vm } from '../vm.ts'
import { readGuestCpus } from './cpus.ts'
import { readExactIds } from './exact-ids.ts'
import { matchGuest } from './match-guest.ts'

/** The guest's side of every vCPU, at one moment. */
export interface GuestView {
  readonly cpus: readonly GuestCpu[]
  /** By cpu-index; vCPUs for which the guest has no CPU are left out. */
  readonly byVcpu: ReadonlyMap<number, VcpuGuest>
  /** cpu-index by guest id, as the guest's own `/sys` says. */
  readonly exact: ReadonlyMap<number, number> | undefined
  /** Could the guest's own `/sys` be read? Then a vCPU that is left out is none of the guest's, for certain. */
  readonly isExact: boolean
}

/**
 * Ask the guest for its CPUs and find out which vCPU each of them is.
 *
 * @param known - a view of a moment ago, on whose exact ids this one builds; only within one change
 * @throws what the executors reject with
 */
export async function readGuestView(
  vm: Vm,
  qga: QgaExecutor,
  reading: SlotReading,
  deadline: Deadline,
  known?: GuestView,
): Promise<GuestView> {
  const cpus = await readGuestCpus(qga, deadline)
  const exact = await readExactIds(vm.qmp, qga, reading, cpus, deadline, known?.exact)
  const byVcpu = matchGuest(reading.slots, { cpus, exact, observed: vm.observed.ids })
  return { cpus, byVcpu, exact, isExact: exact !== undefined }
}

/** The ids that a guest lists. */
export function listedIds(cpus: readonly GuestCpu[]): CpuMap {
  return CpuMap.from(cpus.map((cpu) => cpu['logical-id']))
}

/** The ids that a guest runs. */
export function onlineIds(cpus: readonly GuestCpu[]): CpuMap {
  return CpuMap.from(cpus.filter(({ online }) => online).map((cpu) => cpu['logical-id']))
}
