import { CpuMap, VcpuError, type CallOptions } from '../../../src/index.ts'
import { faultOfClass } from '../../fuzz/invariants/error-union.ts'
import { TIMEOUT_MS, type Ended } from './ended.ts'
import type { Fault } from './faults.ts'
import type { Operation } from './operations.ts'
import type { Stage } from './stage.ts'

/** A step gets a millisecond at least, and a few of them may come at the end. */
const SLACK_MS = 5
/** Longer than the time between two looks that no call asks for. */
const TOLD_MS = 2_500
/** For calls that nothing is in the way of. */
const AMPLE: CallOptions = { timeoutMs: 60_000 }

/** What is wrong at the moment at which a call has ended. */
export function judge(stage: Stage, operation: Operation, fault: Fault, ended: Ended): string[] {
  return [
    ...judgeTime(operation, fault, ended),
    ...judgeClass(stage, operation, fault, ended),
    ...judgeOutcome(operation, ended),
    ...judgeRejected(stage, fault, ended),
    ...judgeRepeats(ended),
  ]
}

/** Within its bounds; at once where its caller ends it. */
function judgeTime({ bounds }: Operation, { victim }: Fault, { tookMs, sinceStrikeMs }: Ended): string[] {
  if (tookMs > bounds * TIMEOUT_MS + SLACK_MS) return [`it took ${tookMs} ms`]
  const isLate = victim === 'caller' && sinceStrikeMs !== undefined && sinceStrikeMs > SLACK_MS
  return isLate ? [`it ended ${sinceStrikeMs} ms after its caller had ended it`] : []
}

/** An error of the package, of a code that the fault explains; none where the fault is about what the call does not need. */
function judgeClass(stage: Stage, { kind, usesAgent }: Operation, fault: Fault, { error }: Ended): string[] {
  if (error === undefined) return []
  if (fault.victim === 'agent' && !usesAgent) return [`it failed for an agent that it does not need: ${textOf(error)}`]
  const reason: unknown = stage.caller.signal.reason
  if (kind === 'reading' && reason !== undefined && error === reason) return []
  const wrong = faultOfClass(error)
  if (wrong !== undefined) return [wrong]
  const codes = codesOf(error)
  return codes.some((code) => fault.codes.includes(code))
    ? []
    : [`${textOf(error)}: the fault does not explain ${codes.join()}`]
}

/** The outcome goes with what was sent and answered. */
function judgeOutcome({ kind }: Operation, { outcome, sent, sawWanted, value, error }: Ended): string[] {
  const wrong = (why: string): string[] => [`${outcome}: ${why} (${error === undefined ? 'no error' : textOf(error)})`]
  const accepted = sent.filter(({ answer }) => answer === 'accepted')
  if (kind === 'change' && error !== undefined) {
    if (!(error instanceof VcpuError) || error.outcome === undefined) return wrong('without an outcome')
    if (!Object.isFrozen(error)) return wrong('its error is not frozen')
  }
  switch (outcome) {
    case 'failed':
    case 'not-sent':
      return sent.length === 0 ? [] : wrong(`it sent ${sent.map(({ command }) => command).join()}`)
    case 'unknown':
      return sent.length > 0 ? [] : wrong('it sent nothing')
    case 'partial':
      return accepted.length > 0 ? [] : wrong('nothing was accepted')
    case 'rejected':
      // What was plugged and has gone again takes with it what is not known of its CPU.
      return isUndone(sent) || sent.every(({ answer }) => answer !== undefined)
        ? []
        : wrong('a command of it has no answer')
    case 'done': {
      if (!sawWanted) return wrong('what it was to do was never so')
      const changed: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'changed') : undefined
      const claims = changed instanceof CpuMap && changed.size > 0
      return claims && accepted.length === 0 ? wrong(`it claims ${String(changed)}, and nothing was accepted`) : []
    }
  }
}

function isUndone(sent: Ended['sent']): boolean {
  const [plugged, unplugged] = ['device_add', 'device_del'].map((command) =>
    sent.find((one) => one.command === command && one.answer === 'accepted'),
  )
  return plugged !== undefined && plugged.device === unplugged?.device
}

/** Where nothing is changed, nothing of it is there, and nothing is pending. */
function judgeRejected({ vm }: Stage, { victim }: Fault, { outcome, sent }: Ended): string[] {
  if (victim === 'vm' || (outcome !== 'rejected' && outcome !== 'not-sent')) return []
  return vm.truth().slots.flatMap(({ device, pendingUnplug }) => {
    const ours = sent.find(
      (one) => one.device !== undefined && (one.device === device?.id || one.device === device?.path),
    )
    if (ours?.command === 'device_add') return [`${outcome}, and ${String(device?.path)} is plugged`]
    return ours !== undefined && pendingUnplug !== undefined ? [`${outcome}, and an unplug is pending`] : []
  })
}

/** Nothing is sent twice. */
function judgeRepeats({ sent }: Ended): string[] {
  const keys = sent.map(({ command, what }) => `${command} ${what}`)
  return keys.filter((key, at) => keys.indexOf(key) !== at).map((key) => `sent twice: ${key}`)
}

/** What is wrong once the fault has been made good: the next readings are true, and the same call works. */
export async function judgeAfterwards(
  stage: Stage,
  operation: Operation,
  { name }: Fault,
  retry: (options: CallOptions) => Promise<Ended>,
): Promise<string[]> {
  const { clock, domain, own, wire, follower } = stage
  const wrong: string[] = []
  if (name === 'closed') {
    const sent = wire.entries
    const next = await clock.run(domain.getVcpuMap().then(String, (error: unknown) => codesOf(error).join()))
    if (next !== 'ERR_CLOSED') wrong.push(`after close() a reading gives ${next}`)
    if (wire.entries !== sent) wrong.push('after close() something was sent')
  } else {
    wrong.push(...(await judgeReadings(stage)))
    const again = await retry(AMPLE)
    if (again.outcome !== 'done') wrong.push(`the next call: ${again.outcome}: ${String(again.error)}`)
    else if (!operation.isWanted(stage.state()))
      wrong.push(`the next call is done, and it is ${JSON.stringify(stage.state())}`)
    wrong.push(...judgeRepeats(again).map((text) => `the next call: ${text}`))
    await clock.advance(TOLD_MS)
    wrong.push(...(await judgeReadings(stage)))
    const told = [...(follower.plugged ?? [])].sort((a, b) => a - b).join()
    if (told !== stage.state().plugged.join()) wrong.push(`changes() has told of ${told}`)
    await domain.close()
  }
  await clock.advance(1_000)
  if (own.pending > 0) wrong.push(`${own.pending} timers are left`)
  if (stage.openConnections > 0) wrong.push(`${stage.openConnections} connections are left`)
  if (!follower.isOver || follower.failure !== undefined)
    wrong.push(`changes() has not ended: ${String(follower.failure)}`)
  return wrong
}

/** What a Domain says, against what is so. */
async function judgeReadings(stage: Stage): Promise<string[]> {
  const { clock, domain } = stage
  try {
    const vcpus = await clock.run(domain.vcpus(AMPLE))
    const { plugged, running } = stage.state()
    const told = vcpus.filter(({ online }) => online).map(({ id }) => id)
    const toldRunning = vcpus.filter(({ guest }) => guest?.online === true).map(({ id }) => id)
    return [
      ...(told.join() === plugged.join() ? [] : [`plugged are ${plugged.join()}, it says ${told.join()}`]),
      ...(toldRunning.join() === running.join()
        ? []
        : [`the guest runs ${running.join()}, it says ${toldRunning.join()}`]),
    ]
  } catch (error) {
    return [`a reading after all is good again: ${String(error)}`]
  }
}

/** An error in words. */
function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : JSON.stringify(error)
}

/** The codes of an error and of all that caused it. */
function codesOf(error: unknown): string[] {
  const codes: string[] = []
  for (let at = error; at instanceof Error && codes.length < 20; at = at.cause) {
    if (at instanceof VcpuError) codes.push(at.code)
  }
  return codes
}
