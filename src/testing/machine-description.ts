import { apicIds, isX86 } from '../bitmap/machine/apic-id.ts'
import { InputError } from '../errors/input-error.ts'

/**
 * Which machine QEMU runs: `x86` (q35: one vCPU a slot, ACPI), `pseries` (a slot is a core), `s390x` (no unplug) or
 * `no-hotplug` (microvm: no slots at all).
 */
export type MachineKind = 'x86' | 'pseries' | 's390x' | 'no-hotplug'

/** A machine, in the words of `-smp`. */
export interface MachineDescription {
  readonly kind: MachineKind
  /** vCPUs that it starts with; unless given, one slot's. */
  readonly bootVcpus?: number
  /** All vCPUs, plugged or not; unless given, the product of the topology, or 8. */
  readonly maxcpus?: number
  readonly sockets?: number
  /** x86 only. */
  readonly dies?: number
  /** Per die; unless given, what is left of `maxcpus`. */
  readonly cores?: number
  /** Per core; on pseries the vCPUs of a slot. */
  readonly threads?: number
  /** Split the slots over that many NUMA nodes, each with a `node-id`. */
  readonly numaNodes?: number
  /** QEMU's version; `10.0.0` unless given. */
  readonly version?: string
}

/** One slot of a machine. */
export interface SlotPlan {
  /** The first cpu-index of its own. */
  readonly firstId: number
  /** How many vCPUs it holds. */
  readonly count: number
  /** The `driver` for `device_add`. */
  readonly type: string
  readonly props: Readonly<Record<string, number>>
  /** x86: the APIC id. */
  readonly apicId: number
}

/** A description with nothing left open. */
export interface MachinePlan {
  readonly kind: MachineKind
  readonly version: { readonly major: number; readonly minor: number; readonly micro: number }
  /** QEMU's name of the architecture. */
  readonly target: string
  readonly bootVcpus: number
  /** Ascending by cpu-index. */
  readonly slots: readonly SlotPlan[]
}

interface Topology {
  readonly sockets: number
  readonly dies: number
  readonly cores: number
  readonly threads: number
}

const TYPES: Readonly<Record<MachineKind, string>> = {
  x86: 'qemu64-x86_64-cpu',
  pseries: 'power10_v2.0-spapr-cpu-core',
  s390x: 'qemu-s390x-cpu',
  'no-hotplug': 'qemu64-x86_64-cpu',
}

/**
 * Work out a machine's slots.
 *
 * @throws {@link InputError} `ERR_MACHINE` for one that QEMU would not start
 */
export function planMachine(description: MachineDescription): MachinePlan {
  const { kind } = description
  const topology = topologyOf(description)
  const count = kind === 'pseries' ? topology.threads : 1
  const total = topology.sockets * topology.dies * topology.cores * topology.threads
  const { bootVcpus = count } = description
  if (!isCount(bootVcpus) || bootVcpus > total || bootVcpus % count !== 0) {
    throw new InputError('ERR_MACHINE', `bootVcpus is ${bootVcpus}, expected whole slots of ${count} up to ${total}`)
  }
  const targets = { x86: 'x86_64', pseries: 'ppc64', s390x: 's390x', 'no-hotplug': 'x86_64' }
  const target = targets[kind]
  const places = Array.from({ length: total / count }, (_, at) => {
    const { numaNodes } = description
    const node = numaNodes === undefined ? {} : { 'node-id': Math.floor((at * numaNodes * count) / total) }
    const props: SlotPlan['props'] = { ...placeOf(kind, at * count, topology, description.version), ...node }
    return { firstId: at * count, count, type: TYPES[kind], props }
  })
  const apicIdOf = isX86(target) ? apicIds(places) : () => 0
  const slots = places.map((place) => ({ ...place, apicId: apicIdOf(place) ?? 0 }))
  return { kind, version: versionOf(description.version), target, bootVcpus, slots }
}

function topologyOf(description: MachineDescription): Topology {
  const { sockets = 1, dies = 1, threads = 1 } = description
  const { cores = (description.maxcpus ?? 8) / (sockets * dies * threads) } = description
  const topology = { sockets, dies, cores, threads }
  const total = sockets * dies * cores * threads
  if (Object.values(topology).every(isCount) && total === (description.maxcpus ?? total)) return topology
  throw new InputError(
    'ERR_MACHINE',
    `sockets (${sockets}) * dies (${dies}) * cores (${cores}) * threads (${threads}) must be maxcpus (${String(description.maxcpus)})`,
  )
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1
}

function placeOf(kind: MachineKind, id: number, topology: Topology, version: string | undefined): SlotPlan['props'] {
  const { dies, cores, threads } = topology
  const thread = id % threads
  const core = Math.floor(id / threads) % cores
  const die = Math.floor(id / (threads * cores)) % dies
  const socket = Math.floor(id / (threads * cores * dies))
  if (kind === 'pseries') return { 'core-id': id }
  if (kind === 's390x') {
    const { major, minor } = versionOf(version)
    const nested = major > 8 || (major === 8 && minor >= 2)
    return { 'core-id': id, ...(nested ? { 'socket-id': socket, 'book-id': 0, 'drawer-id': 0 } : {}) }
  }
  return { 'core-id': core, 'thread-id': thread, ...(dies > 1 ? { 'die-id': die } : {}), 'socket-id': socket }
}

function versionOf(version = '10.0.0'): MachinePlan['version'] {
  const [major = 0, minor = 0, micro = 0] = version.split('.').map(Number)
  return { major, minor, micro }
}
