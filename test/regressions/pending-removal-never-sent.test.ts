// An unplug that was aborted before device_del was sent, or that QEMU refused after its caller had given up, stayed in
// pendingRemovals() for ever: `on` was refused and every further `off` joined a request that nobody had. Seen on a
// simulated QEMU by counting device_del. What must end: a pending removal that QEMU does not have.
import { expect, test } from 'vitest'
import { Refusal } from '../../src/testing/index.ts'
import { connectSimulated, failureOf, resultOf, timesReceived, TIMEOUT_MS, until } from './support.ts'

async function abortedBeforeDeviceDel() {
  const vm = await connectSimulated({ machine: { bootVcpus: 3 } })
  const abort = new AbortController()
  const call = vm.domain.setVcpuState(2, false, {
    guest: true,
    signal: abort.signal,
    onStep: () => {
      abort.abort()
    },
  })
  return { ...vm, error: await failureOf(call) }
}

test('an abort between the guest’s part and device_del leaves nothing pending', async () => {
  const { qemu, domain, error } = await abortedBeforeDeviceDel()
  expect(timesReceived(qemu, 'device_del')).toBe(0)
  expect(String(domain.pendingRemovals())).toBe('')
  // The guest's CPU was turned off by then.
  expect(error.outcome).toBe('partial')
})

test('after it the vCPU counts as plugged', async () => {
  const { qemu, domain } = await abortedBeforeDeviceDel()
  expect(String((await resultOf(domain.setVcpuState(2, true))).changed)).toBe('')
  expect(timesReceived(qemu, 'device_add')).toBe(0)
})

test('after it the next unplug asks QEMU', async () => {
  const { qemu, domain } = await abortedBeforeDeviceDel()
  expect(String((await resultOf(domain.setVcpuState(2, false))).changed)).toBe('2')
  expect(timesReceived(qemu, 'device_del')).toBe(1)
})

async function refusedLate() {
  const vm = await connectSimulated()
  let answer = (): void => undefined
  const unhook = vm.qemu.onCommand('device_del', async () => {
    await new Promise<void>((resolve) => {
      answer = resolve
    })
    throw new Refusal('not while a migration is under way')
  })
  const error = await failureOf(vm.domain.setVcpuState(1, false, { timeoutMs: TIMEOUT_MS }))
  unhook()
  expect(error.outcome).toBe('unknown')
  answer()
  return vm
}

test('an error reply to device_del that comes after the time-out ends the pending removal', async () => {
  const { qemu, domain } = await refusedLate()
  await until(() => domain.pendingRemovals().size === 0)
  expect(qemu.pluggedVcpus).toEqual([0, 1])
})

test('an unplug after a late error reply asks QEMU again', async () => {
  const { qemu, domain } = await refusedLate()
  expect(String((await resultOf(domain.setVcpuState(1, false))).changed)).toBe('1')
  expect(timesReceived(qemu, 'device_del')).toBe(2)
})

test('an unplug after a request that a booting guest did not hear asks QEMU again', async () => {
  const { qemu, domain } = await connectSimulated()
  qemu.guest.onUnplug = 'ignore'
  const error = await failureOf(domain.setVcpuState(1, false, { timeoutMs: TIMEOUT_MS }))
  expect(error.outcome).toBe('unknown')
  qemu.guest.onUnplug = 'remove'
  expect(String((await resultOf(domain.setVcpuState(1, false))).changed)).toBe('1')
  expect(timesReceived(qemu, 'device_del')).toBe(2)
})

test('an unplug whose request QEMU took and did not carry out asks QEMU again', async () => {
  const { qemu, domain } = await connectSimulated()
  let release = (): void => undefined
  const unhook = qemu.onCommand(
    'device_del',
    () =>
      new Promise<void>((resolve) => {
        release = resolve
      }),
  )
  await failureOf(domain.setVcpuState(1, false, { timeoutMs: TIMEOUT_MS }))
  unhook()
  release()
  expect(String((await resultOf(domain.setVcpuState(1, false))).changed)).toBe('1')
  expect(timesReceived(qemu, 'device_del')).toBe(2)
})
