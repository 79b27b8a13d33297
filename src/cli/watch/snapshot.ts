import { foreignText, type GuestMaps, type CpuMap, type DomainEvent, type Vcpu } from '../../index.ts'
import { mapsOf } from '../maps.ts'

/** What is known of a VM's vCPUs at one moment. */
export interface Snapshot {
  /** Every vCPU; with the guest's side of it, where that is known. */
  readonly vcpus: readonly Vcpu[]
  /** The guest's maps, as they were last seen; `null` before that, and where there is no agent. */
  readonly guest: GuestMaps | null
  /** Why the guest cannot be seen; `null` where it can, or is not asked. */
  readonly trouble: Error | null
  /** Asked to go, and not gone. */
  readonly pending: CpuMap
}

/** Longest text of a peer in a line, in characters. */
const MAX_TEXT = 300

/** Every map of a snapshot, under the name that it is told by. */
function namedMaps({ vcpus, guest, pending }: Snapshot): ReadonlyMap<string, CpuMap> {
  const qemu = mapsOf(vcpus)
  return new Map([
    ['QEMU online', qemu.online],
    ['QEMU onlinable', qemu.onlinable],
    ['QEMU offlinable', qemu.offlinable],
    ['QEMU possible', qemu.possible],
    ['QEMU pending', pending],
    ...(guest === null
      ? []
      : ([
          ['guest online', guest.online],
          ['guest offlinable', guest.offlinable],
          ['guest onlinable', guest.onlinable],
          ['guest possible', guest.possible],
        ] as const)),
  ])
}

/** What has changed from one snapshot to the next, a line for each map; all maps where there was no snapshot before. */
export function changesBetween(before: Snapshot | undefined, after: Snapshot): string[] {
  const old = before === undefined ? new Map<string, CpuMap>() : namedMaps(before)
  const lines = [...namedMaps(after)].flatMap(([name, map]) => {
    const was = old.get(name)
    if (was === undefined) return name === 'QEMU pending' && map.size === 0 ? [] : [`${name}: ${textOf(map)}`]
    return was.equals(map) ? [] : [`${name}: ${textOf(was)} -> ${textOf(map)}`]
  })
  if (after.trouble !== null && after.trouble.message !== before?.trouble?.message) {
    lines.push(`guest: not seen: ${foreignText(after.trouble.message, MAX_TEXT)}`)
  }
  return lines
}

/** An event in one line. */
export function eventText(event: DomainEvent): string {
  switch (event.type) {
    case 'plugged':
      return `plugged vCPU ${String(event.ids)} (device ${event.deviceId === null ? 'without an id' : foreignText(event.deviceId, MAX_TEXT)})`
    case 'unplugged':
      return `unplugged vCPU ${String(event.ids)}${event.late ? ', late' : ''}`
    case 'refused':
      return `the guest refused the unplug of vCPU ${String(event.ids)}: ${foreignText(event.reason, MAX_TEXT)}`
    case 'lost':
      return `what became of the unplug of vCPU ${String(event.ids)} is not known`
    case 'reset':
      return 'the guest was reset'
    case 'disconnected':
      return `the monitor is lost: ${foreignText(event.error.message, MAX_TEXT)}`
    case 'connected':
      return 'the monitor is back'
    case 'agent-disconnected':
      return 'the agent is gone'
    case 'agent-connected':
      return 'the agent is back'
    case 'gap':
      return 'something may have been missed'
  }
}

function textOf(map: CpuMap): string {
  return map.size === 0 ? 'none' : String(map)
}
