// The guest was reset, panicked, shut down or paused while a change waited for it, QEMU said so, and the error ended in
// "did not say why" or "has not answered"; query-status was never asked. Seen on simulated and real guests. What must end:
// an error that denies what the monitor has said.
import { describe, expect, test } from 'vitest'
import { settle, ended, errorOf, connectShared, connectSimulated, TIMEOUT_MS, type Simulated } from './support.ts'

/** Longer than the settling of what the test makes happen. */
const WAIT_MS = 2 * TIMEOUT_MS

const waits: [string, (vm: Simulated) => PromiseLike<unknown>][] = [
  ['an unplug', ({ domain }) => domain.setVcpuState(1, false, { timeoutMs: WAIT_MS })],
  ['an unplug, with guest', ({ domain }) => domain.setVcpuState(1, false, { guest: true, timeoutMs: WAIT_MS })],
  ['a plug, with guest', ({ domain }) => domain.setVcpuState(5, true, { guest: true, timeoutMs: WAIT_MS })],
]

function ignoring(vm: Simulated) {
  vm.qemu.guest.onUnplug = 'ignore'
  vm.qemu.guest.onPlug = 'ignore'
}

describe.each([
  ['RESET', { guest: true, reason: 'guest-reset' }, /reset/i],
  ['SHUTDOWN', { guest: true, reason: 'guest-shutdown' }, /shut ?down/i],
  ['GUEST_PANICKED', { action: 'pause' }, /panic/i],
] as const)('%s', (event, data, words) => {
  test.each(waits)('during %s', async (_, call) => {
    const vm = await connectSimulated()
    ignoring(vm)
    const hook = (_args: unknown, usual: () => unknown): unknown => {
      void settle().then(() => {
        vm.qemu.emit(event, data)
      })
      return usual()
    }
    vm.qemu.onCommand('device_del', hook)
    vm.qemu.onCommand('device_add', hook)
    const error = errorOf(await ended(call(vm)))
    expect(error.outcome).toBe('unknown')
    expect(error.message).toMatch(words)
    expect(error.message).not.toMatch(/did not say why/)
  })
})

describe('a paused VM', () => {
  test('paused before an unplug', async () => {
    const vm = await connectShared()
    await vm.monitor.execute('stop')
    await settle()
    const error = errorOf(await ended(vm.domain.setVcpuState(1, false, { timeoutMs: TIMEOUT_MS })))
    expect(error.outcome).toBe('unknown')
    expect(error.message).toMatch(/paused/i)
  })

  test('paused in the middle of one', async () => {
    const vm = await connectShared()
    ignoring(vm)
    vm.qemu.onCommand('device_del', (_, usual) => {
      void settle().then(() => vm.monitor.execute('stop'))
      return usual()
    })
    const error = errorOf(await ended(vm.domain.setVcpuState(1, false, { timeoutMs: WAIT_MS })))
    expect(error.message).toMatch(/paused/i)
  })

  test('paused in the middle of a plug, with guest', async () => {
    const vm = await connectShared()
    ignoring(vm)
    vm.qemu.onCommand('device_add', (_, usual) => {
      void settle().then(() => vm.monitor.execute('stop'))
      return usual()
    })
    const error = errorOf(await ended(vm.domain.setVcpuState(5, true, { guest: true, timeoutMs: WAIT_MS })))
    expect(error.message).toMatch(/paused/i)
  })
})
