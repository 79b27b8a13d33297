import { isX86 } from '../../bitmap/machine/apic-id.ts'
import { isMadeAtStart } from '../../bitmap/machine/device-path.ts'
import type { GuestCpu } from '../../bitmap/machine/replies.ts'
import { slotOf } from '../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { onRefusal } from '../../errors/refusal.ts'
import { readGuestText } from '../../qga/read-file.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { UNKNOWN_GUEST, type KnownVcpuGuest, type VcpuGuest } from '../results.ts'
import { deviceIn } from '../vm/device.ts'
import type { GuestKernel, KeptId } from '../vm/guest-memory.ts'
import type { Moment } from '../vm/moment.ts'
import type { DatedReading } from '../vm/reading.ts'
import type { Observation } from '../vm/state.ts'
import type { Vm } from '../vm/vm.ts'
import { numbersAfter, possibleNumbers } from './boot-numbering.ts'
import { listedIds, readAgainWhereHalfMade, readGuestCpus, readPresent } from './cpus.ts'
import { readExactIds, type ExactIds } from './exact-ids.ts'
import { isSince, readKernel } from './kernel.ts'
import { matchGuest } from './match-guest.ts'

const BOOT_ID = '/proc/sys/kernel/random/boot_id'

/** The guest's side of every vCPU, at one moment. */
export interface GuestView {
  /** When the guest was asked. */
  readonly askedAt: Moment
  readonly cpus: readonly GuestCpu[]
  /** By cpu-index: the vCPUs whose CPU of the guest is known. */
  readonly byVcpu: ReadonlyMap<number, KnownVcpuGuest>
  /** cpu-index by guest id, as the guest's own files say; `undefined` where they say nothing. */
  readonly exact: ReadonlyMap<number, number> | undefined
  /** Every CPU that is present said which vCPU it is: one that is left out is none of the guest's, for certain. */
  readonly isCertain: boolean
  /** The guest's own name of its boot; `undefined` where its files may not be read, and where it was not asked. */
  readonly bootId: string | undefined
  /** What its kernel is; `undefined` where it was not asked. */
  readonly kernel: GuestKernel | undefined
}

/** How to read the guest's side. */
export interface ViewOptions {
  /** A view of a moment ago, on whose exact ids this one builds; only within one change. */
  readonly known?: GuestView | undefined
  /** vCPUs of which the guest is asked again, whatever is kept of them: those that are about to be touched; or all. */
  readonly doubts?: CpuMap | 'all' | undefined
}

/** The guest's side of one vCPU: known, certainly none (`null`), or not known. */
export function sideOf(view: GuestView, id: number): VcpuGuest | null {
  return view.byVcpu.get(id) ?? (view.isCertain ? null : UNKNOWN_GUEST)
}

/**
 * Ask the guest for its CPUs and find out which vCPU each of them is. What it said before in this boot is not asked again.
 *
 * @throws what the executors reject with
 */
export async function readGuestView(
  vm: Vm,
  reading: DatedReading,
  deadline: Deadline,
  options: ViewOptions = {},
): Promise<GuestView> {
  const askedAt = vm.driver.state.now
  const view = await readOnce(vm, reading, deadline, options)
  if (isOneTime(vm, askedAt) || options.doubts === 'all') return view
  // The guest may have booted in between: half of it would be about the boot before.
  const askedAgainAt = vm.driver.state.now
  const again = await readOnce(vm, reading, deadline, { doubts: 'all' })
  return isOneTime(vm, askedAgainAt) ? again : { ...again, isCertain: false }
}

function isOneTime({ driver }: Vm, { connection, boot, tick }: Moment): boolean {
  const { now, guest } = driver.state
  return now.connection === connection && now.boot === boot && guest.doubtedAt <= tick
}

async function readOnce(vm: Vm, reading: DatedReading, deadline: Deadline, options: ViewOptions): Promise<GuestView> {
  const askedAt = vm.driver.state.now
  const listed = await readGuestCpus(vm.requireAgent(), deadline)
  const exact = await readIds(vm, reading, listed, deadline, options)
  const cpus = await readAgainWhereHalfMade(vm.requireAgent(), listed, deadline)
  if (exact !== undefined) {
    const byVcpu = matchGuest(reading.slots, { cpus, exact: exact.ids, observed: new Map() })
    const isCertain = exact.isCertain && byVcpu.size === exact.ids.size
    return { askedAt, cpus, byVcpu, exact: exact.ids, isCertain, bootId: undefined, kernel: undefined }
  }
  const kernel = isX86(reading.target) ? await kernelOf(vm, deadline) : undefined
  const bootId = await readBootId(vm, deadline)
  const view = { askedAt, cpus, byVcpu: new Map(), exact: undefined, isCertain: false, bootId, kernel }
  return rematch(vm, reading, view)
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
  const numbers = numbersOf(vm, reading, view)
  return { ...view, byVcpu: matchGuest(reading.slots, { cpus, exact: undefined, observed, numbers }) }
}

/** What the guest's files say, and what they said in this boot, which is kept for the next time. */
function readIds(
  vm: Vm,
  reading: DatedReading,
  cpus: readonly GuestCpu[],
  deadline: Deadline,
  { known, doubts = CpuMap.empty }: ViewOptions,
): Promise<ExactIds | undefined> {
  const { driver } = vm
  const askedAt = driver.state.now
  // What another boot said says nothing of this one.
  const before = known !== undefined && isOneTime(vm, known.askedAt) ? known.exact : undefined
  const kept = new Map<number, number>(before ?? [])
  if (doubts !== 'all') {
    for (const [guestId, { index }] of driver.state.guest.ids) if (!doubts.has(index)) kept.set(guestId, index)
  }
  const onIds = (ids: ReadonlyMap<number, number>): void => {
    driver.take({ type: 'guest-said', said: { askedAt, ids: withDevices(reading, ids) } })
  }
  return readExactIds(vm, { reading, cpus, known: kept, onIds }, deadline)
}

/** Each with the device that it was when QEMU was asked; what QEMU did not have then is left out. */
function withDevices({ slots }: DatedReading, ids: ReadonlyMap<number, number>): ReadonlyMap<number, KeptId> {
  const kept = new Map<number, KeptId>()
  for (const [guestId, index] of ids) {
    const device = deviceIn(slotOf(slots, index))
    if (device !== undefined) kept.set(guestId, { index, device })
  }
  return kept
}

/** The guest's kernel, asked once in a boot. */
async function kernelOf(vm: Vm, deadline: Deadline): Promise<GuestKernel> {
  const { driver } = vm
  const kept = driver.state.guest.kernel
  if (kept !== undefined) return kept
  const askedAt = driver.state.now
  const kernel = await readKernel(vm.requireAgent(), deadline)
  driver.take({ type: 'guest-said', said: { askedAt, kernel } })
  return kernel
}

/** The numbers that a kernel from 6.9 on can have given, as far as what is known of its boot says; see boot-numbering. */
function numbersOf(
  { driver }: Vm,
  { slots, target }: DatedReading,
  { cpus, kernel }: GuestView,
): ReadonlyMap<number, ReadonlySet<number>> | undefined {
  if (!isX86(target) || !isSince(kernel?.linux, 6, 9)) return undefined
  const { atBoot, seen } = driver.state.guest
  const vcpus = slots.flatMap((slot) => slot.vcpus)
  const plugged = vcpus.map(({ id }) => id)
  const listed = new Set(listedIds(cpus))
  const sure = atBoot?.isSure === true ? numbersAfter([...atBoot.plugged], { plugged, listed }) : undefined
  if (sure !== undefined) return new Map([...sure].map(([id, number]) => [id, new Set([number])]))
  const always = new Set(vcpus.filter(({ qomPath }) => isMadeAtStart(qomPath)).map(({ id }) => id))
  const gone = [...seen.difference(CpuMap.from(plugged))]
  return possibleNumbers({ plugged, listed, always, gone })
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

/**
 * The vCPU that a CPU of the guest is, as its cpu-index: `null` where the guest certainly has no such CPU, `undefined` where
 * that is not known.
 */
export async function vcpuOfGuestCpu(
  vm: Vm,
  view: GuestView,
  guestId: number,
  deadline: Deadline,
): Promise<number | null | undefined> {
  for (const [index, { id }] of view.byVcpu) if (id === guestId) return index
  // An agent may leave out CPUs, and list some that are not there: the guest's own list of those present decides.
  const present = await readPresent(vm.requireAgent(), deadline)
  return present === undefined || present.has(guestId) ? undefined : null
}
