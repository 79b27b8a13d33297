import { computeGuestMaps, type GuestMaps } from '../../bitmap/machine/maps.ts'
import type { GuestCpu } from '../../bitmap/machine/replies.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { CommandError, ProtocolError } from '../../errors/peer-errors.ts'
import { onRefusal } from '../../errors/refusal.ts'
import { callQga } from '../../qga/commands.ts'
import type { QgaExecutor } from '../../qga/executor.ts'
import { readGuestFile, readGuestText } from '../../qga/read-file.ts'
import type { Deadline } from '../../wire/deadline.ts'

/** Where Linux says which CPUs are there, and for which its kernel has room. */
const PRESENT = '/sys/devices/system/cpu/present'
const POSSIBLE = '/sys/devices/system/cpu/possible'
const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The guest's CPUs, as its agent lists them.
 *
 * @throws what the executor rejects with
 */
export async function readGuestCpus(qga: QgaExecutor, deadline: Deadline): Promise<readonly GuestCpu[]> {
  const ask = (): Promise<readonly GuestCpu[]> =>
    callQga(qga, 'guest-get-vcpus', undefined, { ...deadline.options(), sendAhead: true })
  try {
    return await ask()
  } catch (error) {
    // A CPU that goes while the agent walks through its directories fails the whole command: once is no proof.
    if (!(error instanceof CommandError) || error.errorClass !== 'GenericError') throw error
    return ask()
  }
}

/**
 * The same listing, once more where it has a CPU that may have been half made at the time: for a CPU without an `online`
 * file the agent says that it is on and cannot be turned off, and for a moment a CPU that is being plugged has none
 * (docs/wire-notes.md). Ask after the CPUs' other files have been read: those are made later.
 *
 * @param cpus - what the guest listed a moment ago
 * @throws what the executor rejects with
 */
export async function readAgainWhereHalfMade(
  qga: QgaExecutor,
  cpus: readonly GuestCpu[],
  deadline: Deadline,
): Promise<readonly GuestCpu[]> {
  if (!cpus.some(mayBeHalfMade)) return cpus
  const again = new Map((await readGuestCpus(qga, deadline)).map((cpu) => [cpu['logical-id'], cpu]))
  return cpus.map((cpu) => again.get(cpu['logical-id']) ?? cpu)
}

/** CPU 0 of x86 is so for good. */
function mayBeHalfMade({ 'logical-id': id, online, 'can-offline': canOffline }: GuestCpu): boolean {
  return id !== 0 && online && canOffline !== true
}

/**
 * All maps of the guest's CPUs. Some guests list CPUs that are not there (pseries): where any is offline, and the agent
 * may read files, the guest's own `present` sorts them out.
 */
export async function readGuestMaps(qga: QgaExecutor, deadline: Deadline): Promise<GuestMaps> {
  const cpus = await readGuestCpus(qga, deadline)
  const maps = computeGuestMaps(cpus)
  if (maps.onlinable.size === 0) return maps
  return computeGuestMaps(cpus, await readPresent(qga, deadline))
}

/** The guest's present CPUs; `undefined` where the agent may not read files, or the guest has no such file. */
export function readPresent(qga: QgaExecutor, deadline: Deadline): Promise<CpuMap | undefined> {
  return readGuestFile(qga, PRESENT, deadline.timed()).then(
    parsePresent,
    onRefusal(() => undefined),
  )
}

/** The ids that the guest's kernel has room for, as it writes them; `undefined` where it does not say. */
export function readPossible(qga: QgaExecutor, deadline: Deadline): Promise<string | undefined> {
  return readGuestText(qga, POSSIBLE, deadline.timed()).catch(onRefusal(() => undefined))
}

function parsePresent(content: Uint8Array): CpuMap {
  try {
    return CpuMap.parse(utf8.decode(content))
  } catch (cause) {
    throw new ProtocolError(`the guest's ${PRESENT} is no list of CPUs`, { cause })
  }
}

/** The ids that a guest lists. */
export function listedIds(cpus: readonly GuestCpu[]): CpuMap {
  return CpuMap.from(cpus.map((cpu) => cpu['logical-id']))
}

/** The ids that a guest runs. */
export function onlineIds(cpus: readonly GuestCpu[]): CpuMap {
  return listedIds(cpus.filter(({ online }) => online))
}
