import type { Ended } from './act.ts'
import { bootsAgain, type Step } from './step.ts'
import type { Truth } from './truth.ts'
import type { SentCommand } from './wire-log.ts'
import { pathOf } from './world.ts'

/** One step, as it was before and after. */
export interface Happened {
  readonly step: Step
  readonly before: Truth
  readonly after: Truth
  /** Devices that may have gone by themselves: somebody had asked for it earlier. */
  readonly mayGo: ReadonlySet<string>
  readonly ended: readonly Ended[]
}

/** What is not true of what the calls of a step reported; empty when all of it is. */
export function judge(seen: Happened): string[] {
  const ended = seen.ended.map((one) => withLostAnswers(one, seen))
  const happened = { ...seen, ended }
  const isAlone = ended.length === 1
  return [
    ...ended.flatMap((one) => judgeSending(one)),
    ...(isAlone ? ended.flatMap((one) => judgeAlone(happened, one)) : []),
    ...judgeOthers(happened),
    ...judgeTransitions(happened),
  ]
}

/**
 * An answer was lost on its way, or did not come in time: that the command was taken is seen by the device, whose id is used
 * once, or by a CPU that was turned on or off.
 */
function withLostAnswers(one: Ended, { before, after }: Happened): Ended {
  const paths = new Set([...after.values()].map(({ path }) => path))
  const isTurned = [...one.changed].some((id) => before.get(id)?.guest?.online !== after.get(id)?.guest?.online)
  const sent = one.sent.map((command) => {
    const { execute, target, answer } = command
    const isThere = execute === 'device_add' && target !== undefined && paths.has(pathOf(target))
    const isTaken = isThere || (execute === 'guest-set-vcpus' && isTurned)
    return answer === undefined && isTaken ? { ...command, answer: 'accepted' as const } : command
  })
  return { ...one, sent }
}

/** What is true of an outcome whatever else happened: it goes with what was sent and answered. */
export function judgeSending({ op, outcome, changed, sent, error }: Ended): string[] {
  if (op.by === 'raw') return []
  const accepted = sent.filter(({ answer }) => answer === 'accepted')
  const wrong = (why: string): string[] => [`${JSON.stringify(op)}: ${outcome} (${error?.code ?? 'no error'}): ${why}`]
  switch (outcome) {
    case 'failed':
    case 'not-sent':
      return sent.length === 0 ? [] : wrong(`sent ${sent.map(({ execute }) => execute).join(', ')}`)
    case 'unknown':
      return sent.length > 0 ? [] : wrong('nothing was sent')
    case 'partial':
      return accepted.length > 0 ? [] : wrong('nothing was accepted')
    case 'done':
      return changed.size === 0 || accepted.length > 0 ? [] : wrong(`changed ${String(changed)}, nothing was accepted`)
    case 'rejected':
      return sent.every((command) => isSettled(command, sent)) ? [] : wrong('a command of it has no answer yet')
  }
}

/** It was answered; or it was about a vCPU that the same call plugged, and has unplugged. */
function isSettled({ execute, answer }: SentCommand, sent: Ended['sent']): boolean {
  const isUndone = sent.some((add) => add.execute === 'device_add' && sent.some((del) => undoes(del, add)))
  return answer !== undefined || (execute === 'guest-set-vcpus' && isUndone)
}

function undoes({ execute, target, answer }: SentCommand, add: SentCommand): boolean {
  return execute === 'device_del' && target === add.target && answer === 'accepted'
}

/** What is true of an outcome where no other client did anything. */
function judgeAlone(happened: Happened, one: Ended): string[] {
  const { op, outcome, changed, inDoubt, rolledBack, error } = one
  if (op.by === 'raw') return []
  const moved = movedIds(happened)
  const wrong = (why: string): string[] => [`${JSON.stringify(op)}: ${outcome} (${error?.code ?? 'no error'}): ${why}`]
  const found: string[] = []
  if (outcome === 'done') {
    const missing = moved.filter((id) => !changed.has(id))
    if (missing.length > 0) found.push(...wrong(`vCPU ${missing.join()} changed, and it does not say so`))
    if (op.call !== 'guest-set') {
      const unmoved = [...changed].filter((id) => isPlain(op) && !moved.includes(id) && !wentByItself(happened, id))
      if (unmoved.length > 0) found.push(...wrong(`vCPU ${unmoved.join()} did not change`))
    }
    found.push(...unreached(happened, one).flatMap(wrong))
  }
  if (outcome === 'not-sent' || outcome === 'rejected' || outcome === 'failed') {
    if (moved.length > 0) found.push(...wrong(`vCPU ${moved.join()} changed`))
    const turned = turnedIds(happened)
    if (turned.length > 0) found.push(...wrong(`the guest's side of vCPU ${turned.join()} changed`))
  }
  if (op.call === 'scale' || op.call === 'states') {
    const named = changed.union(inDoubt).union(rolledBack)
    const unnamed = outcome === 'done' ? [] : moved.filter((id) => !named.has(id))
    if (unnamed.length > 0) found.push(...wrong(`vCPU ${unnamed.join()} changed, and the error does not name it`))
  }
  return found
}

/** What a call that is done had been asked for, and is not so. */
function unreached({ step, after, mayGo, before }: Happened, { op }: Ended): string[] {
  const mayHaveGone = [...before].some(([id, { path }]) => mayGo.has(path) && !after.has(id))
  const isOn = (id: number): boolean => after.has(id)
  const runs = (id: number): boolean => after.get(id)?.guest?.online === true
  switch (op.call) {
    case 'set': {
      const path = before.get(op.id)?.path
      if (op.on && path !== undefined && mayGo.has(path)) return []
      if (isOn(op.id) !== op.on) return [`vCPU ${op.id} is ${op.on ? 'not plugged' : 'plugged'}`]
      return op.on && op.guest === true && !runs(op.id) ? [`the guest does not run vCPU ${op.id}`] : []
    }
    case 'guest-set': {
      const cpu = [...after.values()].find(({ guest }) => guest?.id === op.guestId)?.guest
      return bootsAgain(step) || cpu === undefined || cpu.online === op.on ? [] : [`CPU ${op.guestId} is not so`]
    }
    case 'states':
      return []
    case 'scale': {
      const count = op.guest === true ? [...after.keys()].filter(runs).length : after.size
      return count === op.count || mayHaveGone || bootsAgain(step) ? [] : [`it is ${count}`]
    }
    default:
      return []
  }
}

/** Nothing moves that no call was about. */
function judgeOthers(happened: Happened): string[] {
  const { step, before, ended } = happened
  if (ended.some(({ op }) => op.call === 'scale')) return []
  const ids = new Set<number>()
  for (const { op } of ended) {
    if (op.call === 'states') for (const id of op.ids.split(',')) ids.add(Number(id))
    else if (op.call === 'guest-set') {
      for (const [id, { guest }] of before) if (guest?.id === op.guestId) ids.add(id)
    } else if ('id' in op) ids.add(op.id)
  }
  const others = [...movedIds(happened), ...turnedIds(happened)].filter((id) => !ids.has(id))
  return others.length === 0
    ? []
    : [`vCPU ${others.join()} changed, and no call of ${JSON.stringify(step)} was about it`]
}

/**
 * A plug stands in the `changed` of the call whose `device_add` made it, and in no other; with `guest` also where the call
 * turned on in the guest what another had plugged.
 */
function judgeTransitions({ ended, before, after }: Happened): string[] {
  return ended.flatMap(({ op, changed, sent }) => {
    if (op.by === 'raw' || op.call === 'guest-set' || op.call === 'read') return []
    const counted = isPlain(op) ? ['device_add'] : ['device_add', 'guest-set-vcpus']
    const adds = sent.filter(({ execute, answer }) => counted.includes(execute) && answer === 'accepted').length
    const plugged = [...changed].filter((id) => !before.has(id) && after.has(id))
    return plugged.length <= adds ? [] : [`${JSON.stringify(op)} claims to have plugged ${plugged.join()}, and did not`]
  })
}

/** Slots that hold another device now, or none, or one where there was none; without those that may have gone anyhow. */
function movedIds({ before, after, mayGo }: Happened): number[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((id) => {
    const [was, now] = [before.get(id), after.get(id)]
    return was?.path !== now?.path && !(was !== undefined && mayGo.has(was.path))
  })
}

/** Devices that are there still, and that the guest runs or does not run as it did not before. */
function turnedIds({ step, before, after }: Happened): number[] {
  if (bootsAgain(step)) return []
  return [...before].flatMap(([id, was]) => {
    const now = after.get(id)
    const isTurned = now?.path === was.path && now.guest?.online !== was.guest?.online && was.guest !== undefined
    return isTurned ? [id] : []
  })
}

function wentByItself({ before, mayGo }: Happened, id: number): boolean {
  const was = before.get(id)
  return was !== undefined && mayGo.has(was.path)
}

/** Is `changed` about QEMU's side alone? */
function isPlain(op: Ended['op']): boolean {
  return !('guest' in op && op.guest)
}
