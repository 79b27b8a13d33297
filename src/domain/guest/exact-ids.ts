import type { GuestCpu } from '../../bitmap/machine/replies.ts'
import type { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { ProtocolError, TimeoutError } from '../../errors/peer-errors.ts'
import { readGuestTexts } from '../../qga/read-files.ts'
import type { Deadline } from '../../wire/deadline.ts'
import type { SlotReading } from '../vm/reading.ts'
import type { Vm } from '../vm/vm.ts'
import { listedIds, readPresent } from './cpus.ts'
import { readCpuinfoIds } from './cpuinfo.ts'
import { ruleFor, type ExactRule } from './exact-rules.ts'

const SYS_CPU = '/sys/devices/system/cpu'
/** The file of one CPU holds a short path or a number. */
const MAX_FILE_BYTES = 256
/** From so many CPUs that run on, one large file costs less than a small one of each. */
const WORTH_CPUINFO = 8

/** A timer may fire this much early, in milliseconds. */
const TIMER_SLACK_MS = 2

/** What the guest itself says of its CPUs. */
export interface ExactIds {
  /** cpu-index by guest id, for the CPUs whose files say so. */
  readonly ids: ReadonlyMap<number, number>
  /** Every CPU that is present is listed and said which vCPU it is, and none is listed that is not present. */
  readonly isCertain: boolean
}

/** What to ask, and what is known already. */
export interface ExactQuestion {
  readonly reading: SlotReading
  readonly cpus: readonly GuestCpu[]
  /** cpu-index by guest id, as far as it need not be asked again. */
  readonly known: ReadonlyMap<number, number>
  /** Sees all that is known as soon as it is, also where the rest fails. */
  readonly onIds: (ids: ReadonlyMap<number, number>) => void
}

/**
 * Find out from the guest's own files which vCPU each of its CPUs is.
 *
 * @returns `undefined` where the guest does not say it of any CPU, or its agent may not read files
 * @throws {@link TimeoutError} that says of how many CPUs it is known by then; what the executors reject with
 */
export async function readExactIds(vm: Vm, question: ExactQuestion, deadline: Deadline): Promise<ExactIds | undefined> {
  const { reading, cpus, known, onIds } = question
  const ids = new Map(cpus.flatMap((cpu) => pairOf(known, cpu['logical-id'])))
  if (ids.size > 0 && saysAll(reading, ids)) return { ids, isCertain: true }
  try {
    return await readOn(vm, question, ids, deadline)
  } catch (error) {
    if (!(error instanceof TimeoutError) || deadline.leftMs > TIMER_SLACK_MS) throw error
    throw new TimeoutError(
      `the guest said of ${ids.size} of its ${cpus.length} CPUs which vCPU each is, and no more within ${deadline.timeoutMs} ms`,
      { cause: error },
    )
  } finally {
    onIds(ids)
  }
}

/** @param ids - grows as the guest answers */
async function readOn(
  vm: Vm,
  { reading, cpus }: ExactQuestion,
  ids: Map<number, number>,
  deadline: Deadline,
): Promise<ExactIds | undefined> {
  const qga = vm.requireAgent()
  const rule = await ruleFor(vm.driver.qmp, reading, deadline)
  if (rule === undefined) return undefined
  const present = rule.onlyPresent ? await readPresentIds(vm, deadline) : undefined
  if (rule.onlyPresent && present === undefined) return undefined
  const wanted = cpus.filter((cpu) => present?.has(cpu['logical-id']) ?? true)
  const missing = (): GuestCpu[] => wanted.filter((cpu) => !ids.has(cpu['logical-id']))
  const running = missing().filter(({ online }) => online)
  if (rule.hasApicIds && running.length >= WORTH_CPUINFO) {
    const said = await readCpuinfoIds(vm.driver.qmp, qga, reading.slots, running.length, deadline)
    for (const cpu of running) for (const [id, index] of pairOf(said, cpu['logical-id'])) ids.set(id, index)
  }
  if (!(await readFiles(vm, rule, missing(), ids, deadline))) return undefined
  // Where not even the boot CPU says which it is (no ACPI devices for CPUs), the guest says nothing, and not that it has none.
  if (ids.size === 0) return undefined
  if (saysAll(reading, ids)) return { ids, isCertain: true }
  // An agent may leave out CPUs, and one CPU's file may be unreadable: then a vCPU that is not among them may be one of those.
  const there = present ?? (await readPresentIds(vm, deadline))
  return { ids, isCertain: there !== undefined && agrees(there, cpus, ids, rule) }
}

function pairOf(ids: ReadonlyMap<number, number>, guestId: number): [guestId: number, index: number][] {
  const index = ids.get(guestId)
  return index === undefined ? [] : [[guestId, index]]
}

/** @returns `false` where the agent may not read files */
function readFiles(
  vm: Vm,
  rule: ExactRule,
  cpus: readonly GuestCpu[],
  ids: Map<number, number>,
  deadline: Deadline,
): Promise<boolean> {
  const guestIds = cpus.map((cpu) => cpu['logical-id'])
  const paths = guestIds.map((id) => `${SYS_CPU}/cpu${id}/${rule.file}`)
  return readGuestTexts(vm.requireAgent(), paths, MAX_FILE_BYTES, deadline, (at, text) => {
    const index = text === undefined ? undefined : rule.parse(text)
    const guestId = guestIds[at]
    if (index !== undefined && guestId !== undefined) ids.set(guestId, index)
  })
}

/** Is every vCPU of QEMU's one of the guest's CPUs? Then there is none to conclude anything about. */
function saysAll({ slots }: SlotReading, ids: ReadonlyMap<number, number>): boolean {
  const said = new Set(ids.values())
  return slots.every(({ vcpus }) => vcpus.every(({ id }) => said.has(id)))
}

function agrees(
  present: CpuMap,
  cpus: readonly GuestCpu[],
  ids: ReadonlyMap<number, number>,
  { onlyPresent }: ExactRule,
): boolean {
  const listed = listedIds(cpus)
  return (onlyPresent ? present.isSubsetOf(listed) : present.equals(listed)) && [...present].every((id) => ids.has(id))
}

/** Nonsense in place of the list of present CPUs says nothing of what is present. */
async function readPresentIds(vm: Vm, deadline: Deadline): Promise<CpuMap | undefined> {
  try {
    return await readPresent(vm.requireAgent(), deadline)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return undefined
  }
}
