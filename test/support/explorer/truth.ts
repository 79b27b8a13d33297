// What must hold at every state: what is known, and what calls were answered, against what really is.
import { pendingIds } from '../../../src/domain/vm/state.ts'
import { isPending, type Removal } from '../../../src/domain/vm/removal.ts'
import { deviceOf } from './devices.ts'
import { OTHER, type Caller, type World } from './world.ts'

/** What is wrong in this state; `undefined` when all is true. */
export function faultOf(world: World): string | undefined {
  return world.fault ?? faultOfCalls(world) ?? faultOfRemovals(world) ?? faultOfObservations(world)
}

function faultOfCalls(world: World): string | undefined {
  for (const [at, caller] of world.callers.entries()) {
    const fault = caller.phase === 'ended' ? faultOfEnding(world, caller, at) : undefined
    if (fault !== undefined)
      return `call ${at + 1} (${caller.wants} ${caller.slot}) ended ${String(caller.ending)}: ${fault}`
  }
  const changed = world.callers.flatMap((caller) => caller.changed.map((device) => `${caller.wants} ${device}`))
  if (new Set(changed).size < changed.length) return 'one transition stands in the `changed` of two calls'
  return undefined
}

function faultOfEnding(world: World, caller: Caller, at: number): string | undefined {
  switch (caller.ending) {
    case 'done':
      if (!caller.sawWanted) return 'its slot was never so since it began'
      return faultOfChanged(world, caller)
    case 'rejected':
    case 'not-sent': {
      if (caller.ending === 'not-sent' && caller.hasSent) return 'it has sent something'
      const isAsked = world.slots.some(({ askers }) => askers.includes(at))
      const isUnderWay = world.toQemu.some(({ by, name }) => by === at && name !== 'query')
      const isMade = world.made.some(({ by }) => by === at)
      return isAsked || isUnderWay || isMade ? 'its request is in force' : undefined
    }
    case 'unknown':
      return caller.ledger.some((fate) => fate === 'sent' || fate === 'taken') ? undefined : 'it has sent nothing'
    default:
      return 'no such end'
  }
}

function faultOfChanged(world: World, caller: Caller): string | undefined {
  const { gone, made, hasLostEvent, hasLostDeleted, callers, generation, slots } = world
  for (const device of caller.changed) {
    if (caller.wants === 'plug' && !made.some((one) => one.device === device)) return 'it plugged nothing'
    if (caller.wants !== 'unplug' || hasLostEvent || generation > 1) continue
    const removed = gone.find((one) => one.device === device)
    if (removed === undefined) return 'its device was not removed'
    // Where the guest refuses while our look is under way, and another client asks before QEMU answers the look, what is
    // heard is what is heard where our request removed the device, and the guest refused, in the same chunk of the wire
    // as the look's answer, to give up the one that another client had plugged by then: no client tells them apart.
    if (removed.askers.every((asker) => asker === OTHER) && !caller.isRefusedUnderLook)
      return 'somebody else removed its device'
  }
  for (const yielded of caller.yielded) {
    // The transition must be another call's, or its asker gave up with it in hand.
    const others = callers.filter((other) => other !== caller && [other.device, ...other.yielded].includes(yielded))
    const askers = gone.find(({ device }) => device === yielded)?.askers ?? []
    if (askers.every((asker) => asker === OTHER)) continue
    // That the device was gone when a refusal was heard, DEVICE_DELETED alone tells.
    if (hasLostDeleted && (slots[caller.slot]?.heardRefusal ?? 0) > 0) continue
    const isExplained = others.some(
      ({ phase, changed, ending }) => phase !== 'ended' || changed.includes(yielded) || ending === 'unknown',
    )
    if (!isExplained) return 'nobody has what it removed in `changed`'
  }
  return undefined
}

function faultOfRemovals(world: World): string | undefined {
  const { vm } = world
  for (const removal of vm.removals) {
    if (!isPending(removal, vm.now)) continue
    if (!pendingIds(vm).has(removal.firstId)) return `slot ${removal.firstId} is pending and not listed so`
    const fault = faultOfPending(world, removal)
    if (fault !== undefined) return `slot ${removal.firstId} is pending (${removal.request}): ${fault}`
  }
  return undefined
}

function faultOfPending(world: World, removal: Removal): string | undefined {
  const { vm, asked, generation, heardBoot } = world
  const inFlight = [
    ...world.toQemu,
    ...[world.owed, ...world.fromQemu].flatMap((item) => {
      return item !== undefined && item.type !== 'event' ? item.command : []
    }),
  ]
  const isInFlight = inFlight.some(({ name, key }) => name === 'device_del' && key === removal.key)
  // Whether it is another QEMU is not known before the first reading.
  const isHeardOf = vm.reading !== undefined && vm.bootDevice?.hostThreadId === generation * 100
  if (removal.request === 'sent') {
    return isInFlight || !isHeardOf || vm.closedBy !== undefined ? undefined : 'no answer is under way'
  }
  if (!isHeardOf) return undefined
  const wasAsked = asked.some(
    (one) =>
      deviceOf(one.device).qomPath === removal.device.qomPath && one.generation === generation && one.boot >= heardBoot,
  )
  if (!wasAsked && !isInFlight) return 'it was not asked of this QEMU since the last RESET that was heard'
  // A guest that has refused, with all events heard, must be known to have.
  const isAllHeard = world.isUp && !world.hasLostEvent && inFlight.length === 0 && world.fromQemu.length === 0
  const slot = world.slots[removal.firstId]
  const isStill = slot?.device === removal.device.hostThreadId && slot.askers.length === 0
  const isUnheard = isStill && removal.refusal === undefined && world.budget.early === 0 && world.looking === 'no'
  return isAllHeard && isUnheard && vm.closedBy === undefined
    ? 'the guest has refused it, and that was heard'
    : undefined
}

function faultOfObservations({ vm, boot, fromQemu, hasLostEvent, isUp }: World): string | undefined {
  const mayMiss = hasLostEvent || !isUp || fromQemu.some((one) => one.type === 'event' && one.event.event === 'RESET')
  if (mayMiss) return undefined
  // An observation of the explorer bears the boot that it saw.
  const isStale = [...vm.observed.values()].some(({ guestId }) => guestId !== boot)
  return isStale ? 'an observation of another boot is kept' : undefined
}
