import { indexOfAcpiPath, indexOfHardwareId } from '../../bitmap/machine/firmware-names.ts'
import type { CpuMap } from '../../bitmap/set/cpu-map.ts'
import type { GuestCpu } from '../../bitmap/machine/replies.ts'
import { ProtocolError } from '../../errors/peer-errors.ts'
import { onRefusal } from '../../errors/refusal.ts'
import type { QgaExecutor } from '../../qga/executor.ts'
import { readGuestText } from '../../qga/read-file.ts'
import type { QmpExecutor } from '../../qmp/executor.ts'
import { readProperty } from '../../qmp/properties.ts'
import type { Deadline } from '../../wire/deadline.ts'
import type { SlotReading } from '../vm/reading.ts'
import { readPresent } from './cpus.ts'

const SYS_CPU = '/sys/devices/system/cpu'

/** Where a guest says which vCPU one of its CPUs is, and how it says it. */
interface ExactRule {
  readonly file: string
  /** The vCPU's cpu-index in the file's text; `undefined` when the text is none of the kind. */
  readonly parse: (text: string) => number | undefined
  /** Guests that list CPUs which are not there say nothing of use about those. */
  readonly onlyPresent: boolean
}

/** What the guest itself says of its CPUs. */
export interface ExactIds {
  /** cpu-index by guest id, for the CPUs whose files say so. */
  readonly ids: ReadonlyMap<number, number>
  /** Every CPU that is present is listed and said which vCPU it is. */
  readonly isCertain: boolean
}

/**
 * Read from the guest's own `/sys` which vCPU each of its CPUs is.
 *
 * @param known - what was read a moment ago; only the CPUs beyond those are asked for, since each costs three commands
 * @returns `undefined` where the guest does not say it of any CPU, or its agent may not read files
 */
export async function readExactIds(
  qmp: QmpExecutor,
  qga: QgaExecutor,
  reading: SlotReading,
  cpus: readonly GuestCpu[],
  deadline: Deadline,
  known: ReadonlyMap<number, number> = new Map(),
): Promise<ExactIds | undefined> {
  const rule = await ruleFor(qmp, reading, deadline)
  if (rule === undefined) return undefined
  const present = rule.onlyPresent ? await readPresentIds(qga, deadline) : undefined
  if (rule.onlyPresent && present === undefined) return undefined
  const ids = new Map<number, number>()
  for (const { 'logical-id': id } of cpus) {
    if (rule.onlyPresent && present?.has(id) === false) continue
    const before = known.get(id)
    if (before !== undefined) {
      ids.set(id, before)
      continue
    }
    const { text, forbidden } = await readText(qga, `${SYS_CPU}/cpu${id}/${rule.file}`, deadline)
    if (forbidden) return undefined
    const index = text === undefined ? undefined : rule.parse(text)
    if (index !== undefined) ids.set(id, index)
  }
  // Where not even the boot CPU says which it is (no ACPI devices for CPUs), the guest says nothing, and not that it has none.
  if (ids.size === 0) return undefined
  const told = new Set(ids.values())
  if (reading.slots.every(({ vcpus }) => vcpus.every(({ id }) => told.has(id)))) return { ids, isCertain: true }
  // An agent may leave out CPUs, and one CPU's file may be unreadable: then a vCPU that is not among them may be one of those.
  const there = present ?? (await readPresentIds(qga, deadline))
  return { ids, isCertain: there !== undefined && [...there].every((id) => ids.has(id)) }
}

/** A guest whose list of present CPUs is no list says nothing of what is present. */
function readPresentIds(qga: QgaExecutor, deadline: Deadline): Promise<CpuMap | undefined> {
  return readPresent(qga, deadline).catch(onNonsense)
}

async function ruleFor(
  qmp: QmpExecutor,
  { target, slots }: SlotReading,
  deadline: Deadline,
): Promise<ExactRule | undefined> {
  switch (target) {
    case 'x86_64':
    case 'i386':
    case 'aarch64':
    case 'loongarch64':
      return { file: 'firmware_node/path', parse: indexOfAcpiPath, onlyPresent: false }
    case 's390x':
      return { file: 'address', parse: parseDecimal, onlyPresent: false }
    case 'ppc64': {
      const threads = slots[0]?.count ?? 1
      const vsmt = await readVsmt(qmp, threads, deadline)
      if (vsmt === undefined) return undefined
      return {
        file: 'physical_id',
        parse: (text) => {
          const hardwareId = parseDecimal(text)
          return hardwareId === undefined ? undefined : indexOfHardwareId(hardwareId, threads, vsmt)
        },
        onlyPresent: true,
      }
    }
    default:
      return undefined
  }
}

function onNonsense(error: unknown): undefined {
  if (!(error instanceof ProtocolError)) throw error
  return undefined
}

function parseDecimal(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

/** How far apart the hardware ids of two cores are; `undefined` where this QEMU does not say. */
async function readVsmt(qmp: QmpExecutor, threads: number, deadline: Deadline): Promise<number | undefined> {
  const vsmt = await readProperty(qmp, '/machine', 'vsmt', deadline.options())
  // 0: never set, so QEMU uses the threads of a core.
  return vsmt === 0 ? threads : vsmt
}

/** What a file says; no `text` where the guest has no such file; `forbidden` where the agent may not read any. */
function readText(
  qga: QgaExecutor,
  path: string,
  deadline: Deadline,
): Promise<{ readonly text?: string; readonly forbidden: boolean }> {
  return readGuestText(qga, path, deadline.timed()).then(
    (text) => ({ text, forbidden: false }),
    // The agent's class for a command that its configuration blocks; anything else is about this one file.
    onRefusal(({ errorClass }) => ({
      forbidden: errorClass === 'CommandNotFound' || errorClass === 'CommandDisabled',
    })),
  )
}
