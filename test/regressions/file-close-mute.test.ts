// A guest that did not answer guest-file-close held the call for two seconds beyond any time-out and abort, and what had
// been read from the file was thrown away. Seen on a simulated agent. What must end: a wait outside of the caller's
// bounds, and tidying up that decides how a call ends.
import { expect, test } from 'vitest'
import { hang } from '../../src/testing/index.ts'
import { connectSimulated, ended, resultOf, timesReceived, TIMEOUT_MS, until } from './support.ts'

/** A guest whose CPU 1 is off, so that its file `present` is read for the maps. */
async function muteAtClose() {
  const vm = await connectSimulated()
  vm.qemu.guest.setOnline(1, false)
  vm.agent.onCommand('guest-file-close', hang)
  return vm
}

test('the maps are what was read', async () => {
  const { agent, domain } = await muteAtClose()
  const { onlinable } = await resultOf(domain.getGuestMaps({ timeoutMs: TIMEOUT_MS }))
  expect(String(onlinable)).toBe('1')
  expect(timesReceived(agent, 'guest-file-close')).toBe(1)
})

test('an abort ends the call at once', async () => {
  const { agent, domain } = await muteAtClose()
  const abort = new AbortController()
  const call = ended(domain.getGuestMaps({ signal: abort.signal }))
  const closes = () => timesReceived(agent, 'guest-file-close')
  await until(() => closes() === 1)
  abort.abort()
  // What it read stands, or it rejects with the reason: it does not wait.
  const end = await call
  expect(end.state).not.toBe('pending')
  if (end.state === 'failed') expect(end.error).toBe(abort.signal.reason)
})
