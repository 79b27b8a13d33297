import { TimeoutError } from '../../errors/peer-errors.ts'
import { callQmp } from '../../qmp/commands.ts'
import type { Deadline } from '../../wire/deadline.ts'
import type { Predicate } from '../vm/waits.ts'
import type { ChangeCall } from './call.ts'

/** The share of a call's time that is kept for asking why nothing happened, and the most of it, in milliseconds. */
const ASK_SHARE = 0.1
const MOST_ASK_MS = 250

/** What is kept of a call's time for that, in milliseconds. */
export function keptForAsking({ timeoutMs }: Deadline): number {
  return Math.min(MOST_ASK_MS, ASK_SHARE * timeoutMs)
}

/**
 * Wait until the state shows what `predicate` looks for. When the time is nearly up, `explain` makes the error while there
 * is still time to ask QEMU.
 */
export async function waitFor<T>(call: ChangeCall, predicate: Predicate<T>, explain: () => Promise<Error>): Promise<T> {
  const { deadline, vm } = call
  const timeUp = new TimeoutError('time is up')
  try {
    return await vm.driver.until(predicate, {
      deadline: deadline.earlier(keptForAsking(deadline)),
      looks: true,
      onTimeout: () => timeUp,
    })
  } catch (error) {
    throw error === timeUp ? await explain() : error
  }
}

/**
 * Why the guest is silent, where QEMU said or says it: it was reset, shut down or panicked since the call began, or its
 * vCPUs do not run. `undefined` where QEMU knows of no reason, or does not answer.
 */
export async function reasonForSilence({ vm, deadline, sinceTick }: ChangeCall): Promise<string | undefined> {
  const { driver } = vm
  const { lastWords } = driver.state
  if (lastWords.panicked > sinceTick) return 'the guest panicked (GUEST_PANICKED)'
  if (lastWords.shutdown > sinceTick) return 'the guest was shut down (SHUTDOWN)'
  const wasReset = lastWords.reset > sinceTick ? 'the guest was reset after it was asked (RESET)' : undefined
  try {
    const { running, status } = await callQmp(driver.qmp, 'query-status', undefined, deadline.options())
    if (running) return wasReset
    return `the VM is not running: ${status}`
  } catch {
    // An embellishment: the time-out stands without it.
    return wasReset
  }
}
