import { TimeoutError } from '../../errors/peer-errors.ts'
import { callQmp } from '../../qmp/commands.ts'
import type { QmpExecutor } from '../../qmp/executor.ts'
import type { Deadline } from '../../wire/deadline.ts'
import type { Predicate } from '../vm/waits.ts'
import type { ChangeCall } from './call.ts'

/** The share of a call's time that is kept for asking why nothing happened, and the most of it, in milliseconds. */
const ASK_SHARE = 0.1
const MOST_ASK_MS = 1_000

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
 * vCPUs do not run, or are in the firmware. `undefined` where QEMU knows of no reason, or does not answer.
 */
export async function reasonForSilence({ vm, deadline, sinceTick }: ChangeCall): Promise<string | undefined> {
  const { driver } = vm
  const { lastWords } = driver.state
  if (lastWords.panicked > sinceTick) return 'the guest panicked (GUEST_PANICKED)'
  if (lastWords.shutdown > sinceTick) return 'the guest was shut down (SHUTDOWN)'
  const wasReset = lastWords.reset > sinceTick ? 'the guest was reset after it was asked (RESET)' : undefined
  try {
    const { running, status } = await callQmp(driver.qmp, 'query-status', undefined, deadline.options())
    if (!running) return `the VM is not running: ${status}`
    return wasReset ?? (await stuckInFirmware(driver.qmp, deadline))
  } catch {
    // An embellishment: the time-out stands without it.
    return wasReset
  }
}

/** It never goes, so it is the one to ask about. */
const BOOT_CPU = 0
/** As QEMU writes it for x86; the registers of other architectures have no such word. */
const IN_SMM = /\bSMM=1\b/

/**
 * With OVMF built for SMM the vCPUs may stay in the firmware after a plug while QEMU says that they run: only their
 * registers show it (docs/wire-notes.md).
 */
async function stuckInFirmware(qmp: QmpExecutor, deadline: Deadline): Promise<string | undefined> {
  const args = { 'command-line': 'info registers', 'cpu-index': BOOT_CPU }
  const text = await callQmp(qmp, 'human-monitor-command', args, deadline.options())
  if (typeof text !== 'string' || !IN_SMM.test(text)) return undefined
  return `vCPU ${BOOT_CPU} is in System Management Mode (info registers: SMM=1): the firmware has it, not the guest`
}
