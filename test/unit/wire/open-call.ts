import { valueOf } from '../../../src/wire/failure.ts'
import type { PendingCalls, PendingCallOptions } from '../../../src/wire/pending-calls.ts'

/** What a test opens a call with. */
export type TestCall = PendingCallOptions & { readonly command: string; readonly timeoutMs: number }

/** Open a call and await it as a client does: the answer rejects where the call failed. */
export function openCall(calls: PendingCalls, { command, timeoutMs, ...options }: TestCall) {
  const { id, answer } = calls.open(command, timeoutMs, options)
  return { id, answer: answer.then(valueOf) }
}
