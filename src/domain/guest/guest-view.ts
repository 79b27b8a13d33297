import type { GuestCpu } from '../../bitmap/machine/replies.ts'
import { onRefusal } from '../../errors/refusal.ts'
import { readGuestText } from '../../qga/read-file.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { UNKNOWN_GUEST, type KnownVcpuGuest, type VcpuGuest } from '../results.ts'
import type { DatedReading } from '../vm/reading.ts'
import type { Observation } from '../vm/state.ts'
import type { Vm } from '../vm/vm.ts'
import { readAgainWhereHalfMade, readGuestCpus } from './cpus.ts'
import { readExactIds } from './exact-ids.ts'
import { matchGuest } from './match-guest.ts'

const BOOT_ID = '/proc/sys/kernel/random/boot_id'

/** The guest's side of every vCPU, at one moment. */
export interface GuestView {
  readonly cpus: readonly GuestCpu[]
  /** By cpu-index: the vCPUs whose CPU of the guest is known. */
  readonly byVcpu: ReadonlyMap<number, KnownVcpuGuest>
  /** cpu-index by guest id, as the guest's own files say; `undefined` where they say nothing. */
  readonly exact: ReadonlyMap<number, number> | undefined
  /** Every CPU that is present said which vCPU it is: one that is left out is none of the guest's, for certain. */
  readonly isCertain: boolean
  /** The guest's own name of its boot; `undefined` where its files may not be read, and where it was not asked. */
  readonly bootId: string | undefined
}

/** The guest's side of one vCPU: known, certainly none (`null`), or not known. */
export function sideOf(view: GuestView, id: number): VcpuGuest | null {
  return view.byVcpu.get(id) ?? (view.isCertain ? null : UNKNOWN_GUEST)
}

/**
 * Ask the guest for its CPUs and find out which vCPU each of them is.
 *
 * @param known - a view of a moment ago, on whose exact ids this one builds; only within one change
 * @throws what the executors reject with
 */
export async function readGuestView(
  vm: Vm,
  reading: DatedReading,
  deadline: Deadline,
  known?: GuestView,
): Promise<GuestView> {
  const qga = vm.requireAgent()
  const listed = await readGuestCpus(qga, deadline)
  const exact = await readExactIds(vm.driver.qmp, qga, reading, listed, deadline, known?.exact)
  const cpus = await readAgainWhereHalfMade(qga, listed, deadline)
  if (exact !== undefined) {
    const byVcpu = matchGuest(reading.slots, { cpus, exact: exact.ids, observed: new Map() })
    return {
      cpus,
      byVcpu,
      exact: exact.ids,
      isCertain: exact.isCertain && byVcpu.size === exact.ids.size,
      bootId: undefined,
    }
  }
  const bootId = await readBootId(vm, deadline)
  const byVcpu = matchGuest(reading.slots, { cpus, exact: undefined, observed: trusted(vm, bootId) })
  return { cpus, byVcpu, exact: undefined, isCertain: false, bootId }
}

/** The same view with what has been observed since, `fresh` a moment ago. */
export function rematch(
  vm: Vm,
  reading: DatedReading,
  view: GuestView,
  fresh: ReadonlyMap<number, Observation> = new Map(),
): GuestView {
  if (view.exact !== undefined) return view
  const { cpus, bootId } = view
  const observed = new Map(trusted(vm, bootId))
  for (const [index, { guestId }] of fresh) observed.set(index, guestId)
  return { ...view, byVcpu: matchGuest(reading.slots, { cpus, exact: undefined, observed }) }
}

/**
 * What was observed in this very boot of the guest. Its boot id says so where it may be read; where it may not, only
 * observations without one are left, which are dropped at every sign of another boot.
 */
function trusted(vm: Vm, bootId: string | undefined): ReadonlyMap<number, number> {
  const { observed } = vm.driver.state
  const isTrusted = (seen: Observation): boolean => seen.bootId === bootId
  return new Map([...observed].filter(([, seen]) => isTrusted(seen)).map(([index, { guestId }]) => [index, guestId]))
}

async function readBootId(vm: Vm, deadline: Deadline): Promise<string | undefined> {
  // The agent may not read files, or the guest has none of that name.
  const text = await readGuestText(vm.requireAgent(), BOOT_ID, deadline.timed()).catch(onRefusal(() => ''))
  return /^[0-9a-f-]{36}$/i.test(text) ? text : undefined
}
