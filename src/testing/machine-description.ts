import { apicIds, isX86 } from '../bitmap/machine/apic-id.ts'
import { InputError } from '../errors/input-error.ts'
import type { MachineKind, QemuVersion, Topology } from './machine-kind.ts'
import { cpuModelOf, machineTypeOf, placeOf } from './machine-models.ts'

/** A machine, in the words of `-smp`. */
export interface MachineDescription {
  readonly kind: MachineKind
  /** x86 only: which of the two PC machines; `q35` unless given. */
  readonly pc?: 'q35' | 'i440fx'
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
  /** Split the slots over that many NUMA nodes, each with a `node-id`; pseries has node 0 in any case. */
  readonly numaNodes?: number
  /** QEMU's version; `10.0.0` unless given. What differs between 10 and 11 follows from it. */
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
  readonly version: QemuVersion
  /** QEMU's name of the architecture. */
  readonly target: string
  /** `/machine`'s QOM type. */
  readonly machineType: string
  readonly topology: Topology
  readonly bootVcpus: number
  /** Ascending by cpu-index. */
  readonly slots: readonly SlotPlan[]
}

const TARGETS: Readonly<Record<MachineKind, string>> = {
  x86: 'x86_64',
  pseries: 'ppc64',
  s390x: 's390x',
  loongarch64: 'loongarch64',
  'no-hotplug': 'x86_64',
}

/**
 * Work out a machine's slots.
 *
 * @throws {@link InputError} `ERR_MACHINE` for one that QEMU would not start
 */
export function planMachine(description: MachineDescription): MachinePlan {
  const { kind, pc = 'q35', numaNodes } = description
  const topology = topologyOf(description)
  const version = versionOf(description.version)
  const count = kind === 'pseries' ? topology.threads : 1
  const total = topology.sockets * topology.dies * topology.cores * topology.threads
  const { bootVcpus = count } = description
  if (!isCount(bootVcpus) || bootVcpus > total || bootVcpus % count !== 0) {
    throw new InputError('ERR_MACHINE', `bootVcpus is ${bootVcpus}, expected whole slots of ${count} up to ${total}`)
  }
  const target = TARGETS[kind]
  const nodes = numaNodes ?? (kind === 'pseries' ? 1 : undefined)
  const places = Array.from({ length: total / count }, (_, at) => {
    const node = nodes === undefined ? {} : { 'node-id': Math.floor((at * nodes * count) / total) }
    const props: SlotPlan['props'] = { ...placeOf(kind, at * count, topology, version), ...node }
    return { firstId: at * count, count, type: cpuModelOf(kind, version), props }
  })
  const apicIdOf = isX86(target) ? apicIds(places) : () => 0
  const slots = places.map((place) => ({ ...place, apicId: apicIdOf(place) ?? 0 }))
  return { kind, version, target, machineType: machineTypeOf(kind, pc, version), topology, bootVcpus, slots }
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

function versionOf(version = '10.0.0'): QemuVersion {
  const [major = 0, minor = 0, micro = 0] = version.split('.').map(Number)
  return { major, minor, micro }
}
