// What QEMU, its guest and another client may do by themselves.
import type { KnownQmpEvent } from '../../../src/qmp/events.ts'
import { deviceOf, slotsShown } from './devices.ts'
import { draft, OTHER, type Command, type World } from './world.ts'

export type Step = readonly [name: string, next: World]

const timestamp = { seconds: 0, microseconds: 0 }

export function qemuSteps(world: World): Step[] {
  const steps: Step[] = []
  if (world.isUp) {
    if (world.owed === undefined) {
      if (world.toQemu.length > 0) steps.push(...carryOut(world))
    } else {
      const next = draft(world)
      next.fromQemu = [...world.fromQemu, world.owed]
      next.owed = undefined
      steps.push(['QEMU writes its answer', next])
    }
  }
  world.slots.forEach((slot, at) => {
    if (slot.askers.length > 0) steps.push(...guestSteps(world, at))
    if (at > 0 && world.budget.other > 0) steps.push(otherClient(world, at))
  })
  // QEMU's main loop answers and resets: a RESET overtakes no answer.
  if (world.budget.reset > 0 && world.owed === undefined)
    steps.push(resetGuest(world, 'forgets'), resetGuest(world, 'keeps'))
  return steps
}

function carryOut(world: World): Step[] {
  const [command, ...rest] = world.toQemu
  if (command === undefined) return []
  const next = draft(world)
  next.toQemu = rest
  if (command.name === 'query') {
    next.owed = { type: 'slots', command, slots: slotsShown(world.slots) }
    return [[`QEMU reads the slots for ${nameOf(command)}`, writeNow(next)]]
  }
  const isAccepted = command.name === 'device_del' ? startRemoval(next, command) : fill(next, command)
  next.owed = { type: 'answer', command, isAccepted }
  const steps: Step[] = [
    [
      `QEMU carries out ${command.name} of ${nameOf(command)}: ${isAccepted ? '{}' : 'error'}`,
      world.budget.early > 0 ? next : writeNow(next),
    ],
  ]
  if (isAccepted && world.budget.refusal > 0) {
    const refused = draft(world)
    refused.toQemu = rest
    refused.budget.refusal--
    refused.owed = { type: 'answer', command, isAccepted: false }
    steps.push([`QEMU refuses ${command.name} of ${nameOf(command)}`, writeNow(refused)])
  }
  return steps
}

/** Nothing can come between, so that it need not be a step of its own. */
function writeNow(world: World): World {
  if (world.owed !== undefined) world.fromQemu = [...world.fromQemu, world.owed]
  world.owed = undefined
  return world
}

function startRemoval(world: World, { slot: at, device, by }: Command): boolean {
  const slot = world.slots[at]
  // QEMU goes by the path.
  if (slot?.device === undefined || deviceOf(slot.device).qomPath !== deviceOf(device).qomPath) return false
  slot.askers = [...new Set([...slot.askers, by])].sort()
  const { generation, boot } = world
  const asked = { device: slot.device, generation, boot }
  world.asked = [...world.asked.filter((other) => JSON.stringify(other) !== JSON.stringify(asked)), asked]
  return true
}

function fill(world: World, { slot: at, device, by }: Command): boolean {
  const slot = world.slots[at]
  if (slot?.device !== undefined || slot === undefined) return false
  slot.device = device
  world.made = [...world.made, { device, by }]
  return true
}

function guestSteps(world: World, at: number): Step[] {
  const steps: Step[] = []
  const slot = world.slots[at]
  if (slot?.device === undefined) return steps
  const { device, isGuestWorking, askers } = slot
  if (!isGuestWorking) {
    const works = draft(world)
    change(works, at, { isGuestWorking: true })
    emit(works, ost(at, 0x84))
    steps.push([`the guest begins with slot ${at}`, works])
  }
  const refuses = draft(world)
  change(refuses, at, { askers: [], isGuestWorking: false })
  emit(refuses, ost(at, 1))
  const removes = draft(world)
  change(removes, at, { device: undefined, askers: [], isGuestWorking: false })
  removes.gone = [...world.gone, { device, askers }]
  emit(removes, { event: 'DEVICE_DELETED', data: { path: deviceOf(device).qomPath }, timestamp })
  steps.push([`the guest refuses slot ${at}`, refuses], [`the guest removes slot ${at}`, removes])
  return steps
}

function otherClient(world: World, at: number): Step {
  const next = draft(world)
  next.budget.other--
  const slot = next.slots[at]
  if (slot?.device === undefined) {
    change(next, at, { device: next.nextDevice++ })
    return [`another client plugs slot ${at}`, next]
  }
  slot.askers = [...new Set([...slot.askers, OTHER])].sort()
  return [`another client asks to unplug slot ${at}`, next]
}

function resetGuest(world: World, how: 'forgets' | 'keeps'): Step {
  const next = draft(world)
  next.budget.reset--
  next.boot++
  next.slots.forEach((slot) => {
    slot.isGuestWorking = false
    if (how === 'forgets') slot.askers = []
  })
  emit(next, { event: 'RESET', data: { guest: true }, timestamp })
  return [`the guest is reset; QEMU ${how} its requests`, next]
}

function change(world: World, at: number, part: Partial<World['slots'][number]>): void {
  const slot = world.slots[at]
  if (slot !== undefined) Object.assign(slot, part)
}

function emit(world: World, event: KnownQmpEvent): void {
  if (world.isUp) world.fromQemu = [...world.fromQemu, { type: 'event', event, boot: world.boot }]
  // What happens while nobody listens is lost as well.
  else lose(world, event)
}

/** What a DEVICE_DELETED tells, a look tells as well, but for what came before it. */
export function lose(world: World, event: KnownQmpEvent): void {
  if (event.event === 'DEVICE_DELETED') world.hasLostDeleted = true
  else world.hasLostEvent = true
}

function ost(slot: number, status: number): KnownQmpEvent {
  return {
    event: 'ACPI_DEVICE_OST',
    data: { info: { slot: String(slot), 'slot-type': 'CPU', source: 3, status } },
    timestamp,
  }
}

export function nameOf({ by }: Pick<Command, 'by'>): string {
  return by === OTHER ? 'a look' : `call ${by + 1}`
}
