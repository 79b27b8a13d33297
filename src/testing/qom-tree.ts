import type { Board, BoardDevice } from './board.ts'
import { isContainer } from './qom-containers.ts'
import { Refusal } from './refusal.ts'
import { vcpuTypeOf } from './machine-models.ts'

interface QomObject {
  readonly type: string
  readonly properties: Readonly<Record<string, unknown>>
}

/**
 * `qom-get`, of `/machine`, its containers and its vCPUs: the properties that concern hotplug.
 *
 * @throws {@link Refusal} `DeviceNotFound` for a path that leads nowhere
 */
export function qomGet(board: Board, path: string, property: string): unknown {
  const object = path === '' ? undefined : objectAt(board, path.startsWith('/') ? path : `/${path}`)
  if (object === undefined) throw new Refusal(`Device '${path}' not found`, 'DeviceNotFound')
  if (property === 'type') return object.type
  if (Object.hasOwn(object.properties, property)) return object.properties[property]
  throw new Refusal(`Property '${object.type}.${property}' not found`)
}

function objectAt(board: Board, path: string): QomObject | undefined {
  if (path === '/machine') return machineOf(board)
  if (isContainer(path)) return { type: 'container', properties: {} }
  const device = board.devices.find((other) => other.path === path)
  if (device !== undefined) return deviceObject(board, device)
  const core = board.devices.find(({ vcpus }) => vcpus.some(({ qomPath }) => qomPath === path))
  return core === undefined ? undefined : { type: vcpuTypeOf(core.type), properties: { realized: true } }
}

function machineOf({ plan }: Board): QomObject {
  const { kind, machineType, topology, bootVcpus, slots } = plan
  const maxcpus = slots.reduce((sum, { count }) => sum + count, 0)
  return {
    type: machineType,
    properties: {
      smp: { ...topology, cpus: bootVcpus, maxcpus, modules: 1, clusters: 1, books: 1, drawers: 1 },
      ...(kind === 'x86' || kind === 'loongarch64' ? { acpi: 'auto' } : {}),
      ...(kind === 'pseries' ? { vsmt: topology.threads } : {}),
    },
  }
}

function deviceObject({ plan }: Board, { type, slot }: BoardDevice): QomObject {
  const { kind, topology } = plan
  const own = {
    x86: { 'die-id': 0, 'module-id': 0, 'node-id': -1, x2apic: false, 'apic-id': slot.apicId },
    pseries: { 'nr-threads': topology.threads },
    s390x: {},
    loongarch64: { 'node-id': -1 },
    'no-hotplug': {},
  }
  return { type, properties: { ...own[kind], ...slot.props, realized: true } }
}
