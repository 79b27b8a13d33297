import { bounded } from '../../wire/bounded.ts'
import { TimeoutError } from '../../errors/peer-errors.ts'
import { isRefusal, isUnsent } from '../../errors/refusal.ts'
import { callQmp, type QmpCommands } from '../../qmp/commands.ts'
import type { ChangeCall } from './call.ts'

/** For how long QEMU's answer to a change is listened for, in milliseconds, also when the caller has long given up. */
const LATE_ANSWER_MS = 300_000

/** What to do when QEMU answers, whenever that is; each is called once at most, and at once when the answer is read. */
export interface Answers {
  readonly onAccepted: () => void
  readonly onRefused: () => void
  /** It could not be sent: QEMU does not have it. */
  readonly onUnsent: () => void
  /** It will not answer any longer. */
  readonly onSilence?: () => void
}

/**
 * Send one change to QEMU. The wait ends with the caller's bounds; the answer is taken in whenever it comes, so that what
 * is known of the request is true for those who come later.
 *
 * @throws what the executor rejects with; {@link TimeoutError} when the caller's time is up
 */
export async function sendChange<C extends 'device_add' | 'device_del'>(
  call: ChangeCall,
  command: C,
  args: QmpCommands[C]['arguments'],
  answers: Answers,
): Promise<void> {
  const { driver } = call.vm
  try {
    // The wait for QEMU's answer is longer than the caller's own; what has to be connected first must not leave that late.
    await driver.qmp.connected?.(call.deadline.options())
    call.throwIfOver()
  } catch (error) {
    answers.onUnsent()
    throw error
  }
  let isAnswered = false
  const once = (task: () => void): void => {
    if (isAnswered) return
    isAnswered = true
    task()
  }
  const answer = callQmp(driver.qmp, command, args, {
    signal: driver.ended.signal,
    timeoutMs: LATE_ANSWER_MS,
    // The order of answer and events tells what an event is about, and promises do not keep it.
    onReply: (kind) => {
      once(kind === 'return' ? answers.onAccepted : answers.onRefused)
    },
  })
  const heard = answer.then(
    () => {
      once(answers.onAccepted)
    },
    (error: unknown) => {
      // What the domain was closed with is about later calls.
      const isUnsentNow = isUnsent(error) && error !== driver.ended.signal.reason
      if (isRefusal(error)) once(answers.onRefused)
      else if (isUnsentNow) once(answers.onUnsent)
      else once(answers.onSilence ?? (() => undefined))
      throw error
    },
  )
  const { deadline } = call
  await bounded(heard, {
    ...deadline.options(),
    clock: driver.clock,
    onTimeout: () => new TimeoutError(`${command}: no answer within ${deadline.timeoutMs} ms`),
  })
}
