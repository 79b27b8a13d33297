import { MAX_XAPIC_ID } from '../bitmap/machine/apic-id.ts'
import { Abort } from './abort.ts'
import type { MachinePlan, SlotPlan } from './machine-description.ts'
import { Refusal } from './refusal.ts'

/** What a `device_add` asks for, its properties checked one by one. */
export interface PlugRequest {
  readonly driver: string
  /** The numbers among its properties. */
  readonly properties: ReadonlyMap<string, number>
  /** Does a device sit in this slot? */
  readonly isTaken: (slot: SlotPlan) => boolean
}

/**
 * The slot that a `device_add` asks for, as the machine's own check before a plug finds it.
 *
 * @throws {@link Refusal} in QEMU's words, which differ from machine to machine; {@link Abort} where QEMU ends itself
 */
export function slotOfRequest(plan: MachinePlan, request: PlugRequest): SlotPlan {
  switch (plan.kind) {
    case 'pseries':
      return coreOf(plan, request)
    case 's390x':
      return s390Slot(plan, request)
    case 'loongarch64':
      return loongSlot(plan, request)
    default:
      return x86Slot(plan, request)
  }
}

const RANGES = { 'socket-id': 'sockets', 'die-id': 'dies', 'core-id': 'cores', 'thread-id': 'threads' } as const
type Level = keyof typeof RANGES
const X86_LEVELS = ['socket-id', 'die-id', 'core-id', 'thread-id'] as const

function x86Slot(plan: MachinePlan, { driver, properties, isTaken }: PlugRequest): SlotPlan {
  const [sample] = plan.slots
  const wanted = sample?.type ?? ''
  if (driver !== wanted) throw new Refusal(`Invalid CPU type, expected cpu type: '${wanted}'`)
  const slot = properties.has('apic-id') ? slotOfApicId(plan, properties) : slotOfPlace(plan, properties)
  if (isTaken(slot)) throw new Refusal(`CPU[${slot.firstId}] with APIC ID ${slot.apicId} exists`)
  checkNode(slot, properties)
  // QEMU's default model has no x2APIC; 10 has no word for that.
  if (slot.apicId > MAX_XAPIC_ID) {
    if (plan.version.major < 11) throw new Abort(`APIC ID ${slot.apicId} without x2APIC`)
    throw new Refusal(`APIC ID ${slot.apicId} requires x2APIC feature in CPU`)
  }
  return slot
}

/** A machine with one die a socket needs no `die-id`; the other levels must be told. */
function slotOfPlace(plan: MachinePlan, properties: ReadonlyMap<string, number>): SlotPlan {
  const place = new Map<Level, number>()
  for (const level of X86_LEVELS) {
    const given = properties.get(level) ?? -1
    const last = plan.topology[RANGES[level]] - 1
    const id = level === 'die-id' && given < 0 && last === 0 ? 0 : given
    if (id < 0) throw new Refusal(`CPU ${level} is not set`)
    if (id > last) throw new Refusal(`Invalid CPU ${level}: ${id} must be in range 0:${last}`)
    place.set(level, id)
  }
  const slot = plan.slots.find(({ props }) => [...place].every(([level, id]) => (props[level] ?? 0) === id))
  if (slot === undefined) throw new Refusal('Invalid CPU: no such combination of properties')
  return slot
}

function slotOfApicId(plan: MachinePlan, properties: ReadonlyMap<string, number>): SlotPlan {
  const apicId = properties.get('apic-id') ?? 0
  const slot = plan.slots.find((other) => other.apicId === apicId)
  if (slot !== undefined) return slot
  const { dies, cores, threads } = plan.topology
  const [thread, core, die, socket] = fieldsOf(apicId, [threads, cores, dies])
  const place = `socket: ${socket}, die: ${die}, module: 0, core: ${core}, thread: ${thread}`
  throw new Refusal(`Invalid CPU [${place}] with APIC ID ${apicId}, valid index range 0:${plan.slots.length - 1}`)
}

/** The bit fields of an APIC id, lowest first, each as wide as its level needs; what is left over is the last. */
function fieldsOf(apicId: number, [threads, cores, dies]: readonly [number, number, number]) {
  const take = (rest: number, count: number): readonly [field: number, rest: number] => {
    const size = 2 ** Math.ceil(Math.log2(count))
    return [rest % size, Math.floor(rest / size)]
  }
  const [thread, aboveThreads] = take(apicId, threads)
  const [core, aboveCores] = take(aboveThreads, cores)
  const [die, socket] = take(aboveCores, dies)
  return [thread, core, die, socket] as const
}

/** Where a node is told it must be the slot's own; a machine without nodes has all in node 0. */
function checkNode(slot: SlotPlan, properties: ReadonlyMap<string, number>): void {
  const node = slot.props['node-id'] ?? 0
  const given = properties.get('node-id') ?? -1
  if (given >= 0 && given !== node) throw new Refusal(`invalid node-id, must be ${node}`)
}

/** A core that is not named is core 0. */
function coreOf(plan: MachinePlan, { driver, properties, isTaken }: PlugRequest): SlotPlan {
  const wanted = plan.slots[0]?.type ?? ''
  const { threads } = plan.topology
  const total = plan.slots.length * threads
  const core = (properties.get('core-id') ?? 0) | 0
  const given = properties.get('nr-threads') ?? threads
  if (driver !== wanted) throw new Refusal(`CPU core type should be ${wanted}`)
  if (core % threads !== 0) throw new Refusal(`invalid core id ${core}`)
  if (given !== threads) throw new Refusal(`invalid nr-threads ${given}, must be ${threads}`)
  const slot = plan.slots.find(({ firstId }) => firstId === core)
  if (core >= total || slot === undefined) throw new Refusal(`core id ${core} out of range`)
  if (isTaken(slot)) throw new Refusal(`core ${core} already populated`)
  checkNode(slot, properties)
  return slot
}

/** A core that is not named is core 0; where it sits in sockets, books and drawers may be left out. */
function s390Slot(plan: MachinePlan, { properties, isTaken }: PlugRequest): SlotPlan {
  const core = properties.get('core-id') ?? 0
  const slot = plan.slots.find(({ firstId }) => firstId === core)
  const why = slot === undefined ? `maximum core-id: ${plan.slots.length - 1}` : 'it already exists'
  if (slot === undefined || isTaken(slot)) throw new Refusal(`Unable to add CPU with core-id: ${core}, ${why}`)
  return slot
}

/** A level that is not named is 0. */
function loongSlot(plan: MachinePlan, { properties, isTaken }: PlugRequest): SlotPlan {
  const levels = ['thread-id', 'core-id', 'socket-id'] as const
  for (const level of levels) {
    const id = properties.get(level) ?? 0
    const last = plan.topology[RANGES[level]] - 1
    if (id < 0 || id > last) {
      throw new Refusal(`Invalid ${level} ${id >>> 0} specified, must be in range 1:${last}`)
    }
  }
  const slot = plan.slots.find(({ props }) => levels.every((level) => props[level] === (properties.get(level) ?? 0)))
  if (slot === undefined) throw new Refusal('Invalid CPU: no such combination of properties')
  if (isTaken(slot)) {
    const { 'socket-id': socket = 0, 'core-id': core = 0, 'thread-id': thread = 0 } = slot.props
    throw new Refusal(`cpu(id-1=${socket}:${core}:${thread}) with arch-id ${slot.firstId} exists`)
  }
  checkNode(slot, properties)
  return slot
}
