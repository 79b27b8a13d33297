// A call, step for step as change/unplug.ts and change/plug.ts have it.
import { isCertain, isPending } from '../../../src/domain/vm/removal.ts'
import { openRemoval } from '../../../src/domain/vm/state.ts'
import { deviceOf } from './devices.ts'
import { checkWaits, take, takeReading } from './feed.ts'
import { over } from './link.ts'
import type { Step } from './qemu.ts'
import { draft, type Caller, type Command, type Ending, type Fate, type Phase, type World } from './world.ts'

export function callerSteps(world: World, at: number, isBusy: boolean): Step[] {
  const caller = world.callers[at]
  if (caller === undefined || caller.phase === 'ended') return []
  const steps: Step[] = []
  const go = (name: string, run: (next: World, self: Caller) => void): void => {
    const next = draft(world)
    const self = next.callers[at]
    if (self === undefined) return
    run(next, self)
    steps.push([`call ${at + 1} (${caller.wants} ${caller.slot}) ${name}`, next])
  }
  if (caller.phase.startsWith('has-')) {
    go(`goes on: ${caller.phase}`, (next, self) => {
      goOn(next, self, at)
    })
    return steps
  }
  if (isBusy) return steps
  if (caller.phase === 'new') {
    go('begins', (next, self) => {
      begin(next, self, at)
    })
  } else {
    if (caller.phase === 'queued' && world.turn === undefined && world.isUp) {
      go('takes its turn and reads', (next, self) => {
        next.turn = at
        query(next, self, at, 'reading')
      })
    }
    if (world.budget.abort > 0) {
      go(`gives up while ${caller.phase}`, (next, self) => {
        next.budget.abort--
        fail(next, self, at)
      })
    }
  }
  return steps
}

function begin(world: World, self: Caller, at: number): void {
  if (world.vm.closedBy !== undefined) end(world, self, at, outcomeOf(self))
  else if (self.wants === 'plug' || !joinCertain(world, self, at)) self.phase = world.isUp ? 'queued' : 'has-failed'
}

/** The rule of change/unplug.ts: join what needs no repetition. */
function joinCertain(world: World, self: Caller, at: number): boolean {
  const removal = openRemoval(world.vm, self.slot)
  if (removal === undefined || !isCertain(removal, world.vm.now)) return false
  take(world, { type: 'joined', caller: at, key: removal.key })
  self.ledger = [...self.ledger, 'taken']
  self.device = removal.device.hostThreadId
  wait(world, self, removal.key)
  return true
}

function wait(world: World, self: Caller, key: number): void {
  self.key = key
  self.phase = 'waiting'
  checkWaits(world)
}

function send(world: World, command: Omit<Command, 'askedAt'>): void {
  if (world.vm.closedBy !== undefined) world.fault = `${command.name} is sent after the domain was closed`
  world.toQemu = [...world.toQemu, { ...command, askedAt: world.vm.now }]
}

function query(world: World, self: Caller, at: number, phase: Phase): void {
  if (world.vm.closedBy !== undefined || !world.isUp) self.phase = 'has-failed'
  else {
    self.phase = phase
    send(world, { name: 'query', by: at, slot: self.slot, device: 0, key: self.key })
  }
}

function goOn(world: World, self: Caller, at: number): void {
  const { reading, phase } = self
  self.reading = undefined
  const filled = reading?.slots[self.slot]?.vcpus[0]?.hostThreadId
  if (reading !== undefined) takeReading(world, reading)
  switch (phase) {
    case 'has-read':
      if (self.wants === 'plug') decidePlug(world, self, at, filled)
      else decideUnplug(world, self, at, filled)
      break
    case 'has-accepted':
      settle(self, 'taken')
      if (self.wants === 'plug') query(world, self, at, 'confirming')
      else {
        world.turn = undefined
        wait(world, self, self.key)
      }
      break
    case 'has-refused':
      if (self.wants === 'plug') take(world, over(self.device))
      else take(world, { type: 'left', caller: at, gaveUp: false })
      settle(self, 'refused')
      query(world, self, at, 'rereading')
      break
    case 'has-reread':
      end(world, self, at, (filled !== undefined) === (self.wants === 'plug') ? 'done' : outcomeOf(self))
      break
    case 'has-confirmed':
      if (filled !== self.device) end(world, self, at, outcomeOf(self))
      else {
        settle(self, 'done')
        end(world, self, at, 'done', [filled])
      }
      break
    case 'has-ended':
      goOnEnded(world, self, at)
      break
    default:
      fail(world, self, at)
  }
}

function goOnEnded(world: World, self: Caller, at: number): void {
  take(world, { type: 'left', caller: at, gaveUp: false })
  if (self.end === 'dropped') {
    settle(self, 'refused')
    self.end = undefined
    begin(world, self, at)
    return
  }
  const how = self.end?.end
  if (how?.type === 'refused') settle(self, 'refused')
  const device = self.end?.device.hostThreadId
  if (how?.type !== 'removed' || device === undefined) end(world, self, at, outcomeOf(self))
  else if (how.owner === at) {
    settle(self, 'done')
    end(world, self, at, 'done', [device])
  } else {
    // Another call's, or somebody else's: it sees for itself, and asks where the slot is filled.
    settle(self, 'refused')
    self.yielded = [...self.yielded, device]
    self.end = undefined
    begin(world, self, at)
  }
}

function decideUnplug(world: World, self: Caller, at: number, filled: number | undefined): void {
  if (joinCertain(world, self, at)) {
    world.turn = undefined
    return
  }
  if (filled === undefined || world.vm.closedBy !== undefined || !world.isUp) {
    end(world, self, at, filled === undefined ? 'done' : outcomeOf(self))
    return
  }
  take(world, { type: 'unplug-sent', caller: at, firstId: self.slot, count: 1, device: deviceOf(filled) })
  const removal = openRemoval(world.vm, self.slot)
  if (removal?.device.hostThreadId !== filled)
    world.fault = `call ${at + 1} asks about a device and waits for another one`
  self.key = removal?.key ?? -1
  request(world, self, at, filled, 'device_del')
}

function decidePlug(world: World, self: Caller, at: number, filled: number | undefined): void {
  const removal = openRemoval(world.vm, self.slot)
  if (filled !== undefined) {
    end(world, self, at, removal !== undefined && isPending(removal, world.vm.now) ? outcomeOf(self) : 'done')
  } else if (world.vm.closedBy !== undefined || !world.isUp) end(world, self, at, outcomeOf(self))
  else {
    const device = world.nextDevice++
    take(world, { type: 'plug-sent', firstId: self.slot, deviceId: `cpu${device}` })
    request(world, self, at, device, 'device_add')
  }
}

function request(world: World, self: Caller, at: number, device: number, name: Command['name']): void {
  self.ledger = [...self.ledger, 'sent']
  self.hasSent = true
  self.device = device
  self.phase = 'asking'
  send(world, { name, by: at, slot: self.slot, device, key: self.key })
}

/** Aborted, timed out, closed or disconnected: what its ledger says is what it knows. */
function fail(world: World, self: Caller, at: number): void {
  const isAsking = self.ledger.at(-1) === 'sent' || self.ledger.at(-1) === 'taken'
  if (isAsking && self.wants === 'unplug') take(world, { type: 'left', caller: at, gaveUp: true })
  if (self.wants === 'plug' && self.ledger.at(-1) === 'sent') take(world, over(self.device))
  end(world, self, at, outcomeOf(self))
}

function settle(self: Caller, fate: Fate): void {
  self.ledger = [...self.ledger.slice(0, -1), fate]
}

/** As in change/ledger.ts. */
function outcomeOf({ ledger }: Caller): Ending {
  if (ledger.includes('sent') || ledger.includes('taken')) return 'unknown'
  if (ledger.includes('done')) return 'partial'
  return ledger.includes('refused') ? 'rejected' : 'not-sent'
}

function end(world: World, self: Caller, at: number, ending: Ending, changed: readonly number[] = []): void {
  if (self.ending !== undefined) world.fault = `call ${at + 1} settles twice`
  self.phase = 'ended'
  self.ending = ending
  self.changed = changed
  if (world.turn === at) world.turn = undefined
}
