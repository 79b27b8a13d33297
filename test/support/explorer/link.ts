// What comes over the wire, and the wire itself.
import { checkWaits, take, takeReading } from './feed.ts'
import { lose, nameOf, type Step } from './qemu.ts'
import { draft, OTHER, type Command, type Message, type World } from './world.ts'
import { isPending } from '../../../src/domain/vm/removal.ts'
import type { KnownQmpEvent } from '../../../src/qmp/events.ts'

export function linkSteps(world: World, isBusy: boolean): Step[] {
  const steps: Step[] = []
  const [message, ...rest] = world.fromQemu
  if (message !== undefined) {
    const next = draft(world)
    next.fromQemu = rest
    steps.push([deliver(next, message), next])
    if (message.type === 'event') steps.push(...spoilt(world, message, rest))
  }
  // Continuations run before anything but what the same chunk of the wire holds.
  if (isBusy) return steps
  steps.push(...ourSteps(world))
  return steps
}

function spoilt(world: World, message: Message & { type: 'event' }, rest: readonly Message[]): Step[] {
  const steps: Step[] = []
  if (world.budget.lostEvent > 0) {
    const next = draft(world)
    next.fromQemu = rest
    next.budget.lostEvent--
    lose(next, message.event)
    steps.push([`${message.event.event} is lost`, next])
  }
  if (world.budget.doubledEvent > 0) {
    const next = draft(world)
    next.budget.doubledEvent--
    next.fromQemu = [message, ...world.fromQemu]
    steps.push([`${message.event.event} is doubled`, next])
  }
  return steps
}

function deliver(world: World, message: Message): string {
  if (message.type === 'event') {
    if (message.event.event === 'RESET') world.heardBoot = message.boot
    take(world, { type: 'event', event: message.event })
    noteRefusal(world, message.event)
    return `${message.event.event} is heard`
  }
  const { command } = message
  if (message.type === 'slots') {
    const { askedAt } = command
    const caller = world.callers[command.by]
    if (command.by === OTHER) world.looking = { askedAt, slots: message.slots }
    else if (caller?.key === command.key) {
      const next = { reading: 'has-read', rereading: 'has-reread', confirming: 'has-confirmed' } as const
      const phase = caller.phase as keyof typeof next
      if (Object.hasOwn(next, phase)) {
        caller.phase = next[phase]
        caller.reading = { askedAt, slots: message.slots }
      }
    }
    return `the slots arrive for ${nameOf(command)}`
  }
  answered(world, command, message.isAccepted)
  return `${message.isAccepted ? '{}' : 'an error'} arrives for ${command.name} of ${nameOf(command)}`
}

function noteRefusal(world: World, event: KnownQmpEvent): void {
  if (event.event !== 'ACPI_DEVICE_OST' || event.data.info.status !== 1) return
  const slot = world.slots[Number(event.data.info.slot)]
  if (slot !== undefined) slot.heardRefusal = world.vm.now.tick
}

function answered(world: World, command: Command, isAccepted: boolean): void {
  const { key, by, name, device } = command
  if (name === 'device_del') take(world, { type: isAccepted ? 'unplug-accepted' : 'unplug-refused', key })
  else take(world, isAccepted ? { type: 'plug-accepted', deviceId: `cpu${device}` } : over(device))
  const caller = world.callers[by]
  if (caller?.phase === 'asking') caller.phase = isAccepted ? 'has-accepted' : 'has-refused'
}

export function over(device: number): { readonly type: 'plug-over'; readonly deviceId: string } {
  return { type: 'plug-over', deviceId: `cpu${device}` }
}

function ourSteps(world: World): Step[] {
  const steps: Step[] = []
  const { vm, budget } = world
  if (vm.closedBy !== undefined) return steps
  if (!world.isUp) {
    if (vm.now.connection === 0) steps.push(connect(world, false))
    else steps.push(connect(world, false), ...(budget.newQemu > 0 ? [connect(world, true)] : []))
    return steps
  }
  const wantsLook =
    world.callers.some(({ phase }) => phase === 'waiting') || vm.removals.some((removal) => isPending(removal, vm.now))
  if (world.looking === 'no' && wantsLook) {
    const next = draft(world)
    next.looking = 'asked'
    next.toQemu = [...world.toQemu, { name: 'query', by: OTHER, slot: 0, device: 0, key: 0, askedAt: vm.now }]
    steps.push(['a look is sent', next])
  }
  if (budget.disconnect > 0) steps.push(disconnect(world))
  if (budget.close > 0) steps.push(close(world))
  if (world.observing === undefined && budget.observe > 0) {
    const next = draft(world)
    next.budget.observe--
    next.observing = { seenAt: vm.now, boot: undefined }
    steps.push(['the guest is asked what it sees', next])
  }
  return steps
}

function connect(world: World, isNew: boolean): Step {
  const next = draft(world)
  next.isUp = true
  if (isNew) {
    next.budget.newQemu--
    next.generation++
    next.boot++
    next.heardBoot = next.boot
    next.slots = world.slots.map((_, at) => ({
      device: at < world.slots.length - 1 || at === 0 ? next.generation * 100 + at : undefined,
      askers: [],
      isGuestWorking: false,
      heardRefusal: 0,
    }))
    const last = next.slots.at(-1)
    if (last !== undefined && next.slots.length === 2) last.device = next.generation * 100 + 1
  }
  take(next, { type: 'connected' })
  return [`connected${isNew ? ' to another QEMU' : ''}`, next]
}

function failWires(world: World): void {
  const open = [...world.toQemu, ...(world.owed === undefined ? [] : [world.owed]), ...world.fromQemu].flatMap(
    (item) => {
      if ('name' in item) return item
      return item.type === 'answer' ? item.command : []
    },
  )
  world.toQemu = []
  world.fromQemu = []
  world.owed = undefined
  world.looking = 'no'
  for (const { name, key } of open) if (name === 'device_del') take(world, { type: 'unplug-unanswered', key })
  for (const caller of world.callers) {
    if (['queued', 'reading', 'asking', 'rereading', 'confirming'].includes(caller.phase)) caller.phase = 'has-failed'
  }
  checkWaits(world)
}

function disconnect(world: World): Step {
  const next = draft(world)
  next.budget.disconnect--
  next.isUp = false
  for (const message of next.fromQemu) if (message.type === 'event') lose(next, message.event)
  take(next, { type: 'disconnected', cause: new Error('lost') })
  failWires(next)
  return ['the connection is lost', next]
}

function close(world: World): Step {
  const next = draft(world)
  next.budget.close--
  take(next, { type: 'closed', cause: new Error('closed') })
  failWires(next)
  return ['the domain is closed', next]
}

/** What our own side has at hand already. */
export function endLook(world: World): Step[] {
  if (typeof world.looking === 'string') return []
  const next = draft(world)
  next.looking = 'no'
  takeReading(next, world.looking)
  return [['the look is taken in', next]]
}

export function observerSteps(world: World): Step[] {
  const { observing } = world
  if (observing === undefined) return []
  const next = draft(world)
  if (observing.boot === undefined) {
    next.observing = { ...observing, boot: world.boot }
    return [['the guest says what it sees', next]]
  }
  next.observing = undefined
  const seen = { guestId: observing.boot, device: deviceAt0(world), seenAt: observing.seenAt, bootId: undefined }
  take(next, { type: 'observed', ids: new Map([[0, seen]]) })
  return [['the observation is taken in', next]]
}

function deviceAt0({ slots }: World): { qomPath: string; hostThreadId: number } {
  const device = slots[0]?.device ?? 0
  return { qomPath: `/machine/unattached/device[${device % 100}]`, hostThreadId: device }
}
