// Reports of plugs that QEMU took, and of what the guest made of them.
import { expect, test } from 'vitest'
import { Refusal, type SimulatedAgentOptions } from '../../src/testing/index.ts'
import { changesSent, vm } from '../support/simulated-vm.ts'
import { rejectionOf } from './rejection.ts'

/** Windows' agent reads CPUs and sets none; it has no files of this kind. */
const WINDOWS: SimulatedAgentOptions = { missing: ['guest-set-vcpus', 'guest-get-osinfo'], version: '107.0.1' }

// https://github.com/kubevirt/kubevirt/issues/6857
test('the agent may not turn the CPU on: plugged and not on, in the agent’s words', async () => {
  const { agent, domain } = await vm()
  const words = 'open("/sys/devices/system/cpu/cpu2/online"): Permission denied'
  agent.onCommand('guest-set-vcpus', () => {
    throw new Refusal(words)
  })
  const error = await rejectionOf(domain.setVcpuState(2, true, { guest: true }))
  expect(error).toMatchObject({ outcome: 'partial' })
  expect(error.message).toContain('Permission denied')
  expect(error.message).toContain('plugged')
})

// https://github.com/autotest/tp-qemu/pull/1784
test('Windows turns a CPU on by itself: done, and the agent is not asked for what it cannot do', async () => {
  const { qemu, agent, domain } = await vm({}, WINDOWS)
  qemu.guest.autoOnline = true
  agent.onCommand('guest-file-open', ({ path }) => {
    throw new Refusal(`failed to open file '${String(path)}': The system cannot find the path specified.`)
  })
  const { changed } = await domain.setVcpuState(2, true, { guest: true })
  expect(String(changed)).toBe('2')
  expect(changesSent(agent)).toEqual([])
})

// https://github.com/tianocore/edk2/issues/11188 and https://github.com/kubevirt/kubevirt/pull/19011
test('the guest crashes at the plug: QEMU said so, and the error says so', async () => {
  const { qemu, agent, domain } = await vm({}, WINDOWS)
  qemu.guest.onPlug = 'ignore'
  qemu.onCommand('device_add', (_, usual) => {
    const reply = usual()
    setImmediate(() => {
      qemu.panic()
      agent.halt()
    })
    return reply
  })
  const error = await rejectionOf(domain.setVcpuState(2, true, { guest: true, timeoutMs: 5_000 }))
  expect(['unknown', 'partial']).toContain('outcome' in error ? error.outcome : undefined)
  expect(error.message).toMatch(/panic|crash/)
  expect(error.message).toContain('plugged')
})
