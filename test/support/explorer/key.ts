import type { VcpuSlot } from '../../../src/bitmap/machine/vcpu-slot.ts'
import type { Moment } from '../../../src/domain/vm/moment.ts'
import type { Removal } from '../../../src/domain/vm/removal.ts'
import type { Caller, Command, Message, World } from './world.ts'

/** The parts of a name: text stands for itself, a number is a date, of which the order alone counts. */
type Parts = (string | number)[]

/** A name that equal situations share: dates are numbered by rank, and what nothing depends on is left out. */
export function keyOf(world: World): string {
  const parts: Parts = []
  const { vm } = world
  const facts = [world.generation, world.boot, world.isUp, world.heardBoot, world.hasLostEvent, world.turn, world.fault]
  facts.push(world.hasLostDeleted)
  parts.push(facts.join(), Object.values(world.budget).join())
  for (const { device, askers, isGuestWorking, heardRefusal } of world.slots)
    parts.push(`/${device},${askers.join('+')},${isGuestWorking}`, heardRefusal)
  for (const { device, generation, boot } of world.asked) parts.push(`a${device},${generation},${boot}`)
  for (const { device, askers } of world.gone) parts.push(`g${device},${askers.join('+')}`)
  for (const { device, by } of world.made) parts.push(`m${device},${by}`)
  for (const command of world.toQemu) addCommand(parts, command)
  parts.push('<')
  if (world.owed !== undefined) addMessage(parts, world.owed)
  parts.push('<')
  for (const message of world.fromQemu) addMessage(parts, message)
  if (typeof world.looking === 'string') parts.push(world.looking)
  else addReading(parts, world.looking)
  if (world.observing !== undefined) addMoment(parts, world.observing.seenAt, String(world.observing.boot))
  for (const caller of world.callers) addCaller(parts, caller)
  const { connection, boot } = vm.now
  parts.push(`|${vm.isConnected},${vm.closedBy !== undefined},${vm.bootDevice?.hostThreadId},${connection},${boot}`)
  for (const removal of vm.removals) addRemoval(parts, removal)
  if (vm.reading !== undefined) addReading(parts, vm.reading)
  for (const { guestId } of vm.observed.values()) parts.push(`o${guestId}`)
  return named(parts)
}

function named(parts: Parts): string {
  const dates = [...new Set(parts.filter((part) => typeof part === 'number'))].sort((one, other) => one - other)
  return parts.map((part) => (typeof part === 'number' ? dates.indexOf(part) : part)).join(' ')
}

function addMoment(parts: Parts, { connection, boot, tick }: Moment, rest = ''): void {
  parts.push(`${connection}.${boot}${rest}`, tick)
}

function addReading(parts: Parts, reading: { readonly askedAt: Moment; readonly slots: readonly VcpuSlot[] }): void {
  addMoment(parts, reading.askedAt, reading.slots.map(({ vcpus }) => vcpus[0]?.hostThreadId ?? '-').join())
}

function addCommand(parts: Parts, { name, by, slot, device, key, askedAt }: Command): void {
  parts.push(`${name}${by},${slot},${device}`, key)
  if (name === 'query') addMoment(parts, askedAt)
}

function addMessage(parts: Parts, message: Message): void {
  if (message.type === 'event') {
    const { event, boot } = message
    const info = event.event === 'ACPI_DEVICE_OST' ? `${event.data.info.slot}=${event.data.info.status}` : ''
    const path = event.event === 'DEVICE_DELETED' ? event.data.path : ''
    parts.push(`${event.event}${info}${path}@${boot}`)
    return
  }
  addCommand(parts, message.command)
  if (message.type === 'answer') parts.push(String(message.isAccepted))
  else addReading(parts, { askedAt: message.command.askedAt, slots: message.slots })
}

function addCaller(parts: Parts, caller: Caller): void {
  const { phase, key, device, ledger, reading, end, ending, changed, yielded, sawWanted, hasSent, isRefusedUnderLook } =
    caller
  const result = [ending, changed.join('+'), yielded.join('+'), isRefusedUnderLook].join()
  parts.push(`;${phase},${device},${ledger.join('+')},${result},${sawWanted},${hasSent}`)
  if (phase === 'ended') return
  parts.push(key)
  if (reading !== undefined) addReading(parts, reading)
  if (end === 'dropped') parts.push(end)
  else if (end !== undefined) addRemoval(parts, end)
}

function addRemoval(parts: Parts, removal: Removal): void {
  const { key, firstId, device, request, askedAt, isDoubted, refusal, before, callers, end, isGone } = removal
  const how = end?.type === 'removed' ? `removed by ${end.owner}` : end?.type
  parts.push(`r${firstId},${device.hostThreadId},${request},${isDoubted},${callers.join('+')},${how}`, key)
  addMoment(parts, askedAt)
  if (isGone) parts.push('gone')
  if (refusal !== undefined) parts.push('refused', refusal.tick)
  if (before === undefined) return
  addMoment(parts, before.askedAt, `${before.request},${before.isDoubted}`)
  if (before.refusal !== undefined) parts.push('refused before', before.refusal.tick)
}
