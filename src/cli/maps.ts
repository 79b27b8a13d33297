import { CpuMap, type GuestMaps, type VcpuMaps, type Vcpu } from '../index.ts'
import type { Session } from './verb.ts'

/** QEMU's maps, taken from a list of all vCPUs, so that the two cannot contradict each other. */
export function mapsOf(vcpus: readonly Vcpu[]): VcpuMaps {
  const idsOf = (wanted: (vcpu: Vcpu) => boolean): CpuMap => CpuMap.from(vcpus.filter(wanted).map(({ id }) => id))
  return {
    online: idsOf(({ online }) => online),
    onlinable: idsOf(({ onlinable }) => onlinable),
    offlinable: idsOf(({ offlinable }) => offlinable),
    possible: idsOf(() => true),
  }
}

/**
 * The guest's maps; `null` where they cannot be read, which takes nothing from QEMU's.
 *
 * @throws what the command was interrupted with
 */
export async function guestMaps(
  { domain, call, io }: Session,
  onError: (error: unknown) => void,
): Promise<GuestMaps | null> {
  try {
    return await domain.getGuestMaps(call())
  } catch (error) {
    if (io.signal.aborted) throw error
    onError(error)
    return null
  }
}

/** The maps as scripts get them. Field by field: what they parse must not change because the library's objects do. */
export function mapsDocument(
  qemu: VcpuMaps,
  agent: GuestMaps | null,
): { readonly qemu: object; readonly agent: object | null } {
  const { online, onlinable, offlinable, possible } = qemu
  return {
    qemu: { online, onlinable, offlinable, possible },
    agent: agent === null ? null : agentDocument(agent),
  }
}

function agentDocument({ online, offlinable, onlinable, possible }: GuestMaps): object {
  return { online, offlinable, onlinable, possible }
}
