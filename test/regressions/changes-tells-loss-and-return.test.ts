// changes() knew only what its own domain had done, fell silent for ever when the monitor was lost, without an end, an
// error or a word of what was missed, and said `lost` of an unplug that QEMU had refused. Seen on a simulated and a real
// QEMU. What must end: a listener who hears nothing and cannot know that there was something to hear.
import { expect, test } from 'vitest'
import { QmpClient } from '../../src/qmp/index.ts'
import { Refusal } from '../../src/testing/index.ts'
import {
  connectShared,
  connectSimulated,
  dialling,
  ended,
  failureOf,
  listenTo,
  otherClient,
  testClock,
  TIMEOUT_MS,
  until,
  untilTold,
  withoutEvents,
} from './support.ts'

/** Longer than a slow look can be apart from the next. */
const LONG_MS = 60_000

/** A monitor that can be dialled again. */
function dialledAgain() {
  return connectSimulated({ qmp: (qemu) => dialling(() => qemu.connect()) })
}

test('another client’s plug and unplug', async () => {
  const { domain, other } = await connectShared()
  const told = listenTo(domain)
  await other.plug(5)
  await untilTold(told, 'plugged', '5')
  expect(told.find(({ type }) => type === 'plugged')?.deviceId).toBe('other5')
  await other.unplug(5)
  await untilTold(told, 'unplugged', '5')
  await other.unplug(1)
  await untilTold(told, 'unplugged', '1')
})

test('each of our own changes once', async () => {
  const { domain, other } = await connectShared()
  const told = listenTo(domain)
  await domain.setVcpuState(5, true)
  await other.plug(6)
  await untilTold(told, 'plugged', '6')
  expect(told.filter(({ type }) => type === 'plugged').map(({ ids }) => ids)).toEqual(['5', '6'])
})

test('another client’s plug, without events', async () => {
  const { domain, other } = await connectShared({}, withoutEvents)
  const told = listenTo(domain)
  await testClock().sleep(LONG_MS)
  await other.plug(5)
  await testClock().sleep(LONG_MS)
  expect(told.map(({ type, ids }) => [type, ids])).toContainEqual(['plugged', '5'])
})

test('loss and return of a monitor that can be dialled again', async () => {
  const { qemu, domain } = await dialledAgain()
  const told = listenTo(domain)
  qemu.dropClient()
  await untilTold(told, 'disconnected')
  expect(told.find(({ type }) => type === 'disconnected')?.error).toBeInstanceOf(Error)
  await untilTold(told, 'connected')
  await domain.setVcpuState(5, true)
  await untilTold(told, 'plugged', '5')
})

test('loss of one that cannot', async () => {
  const { qemu, domain } = await connectSimulated()
  const told = listenTo(domain)
  qemu.kill()
  await untilTold(told, 'disconnected')
  expect(told.find(({ type }) => type === 'disconnected')?.error).toBeInstanceOf(Error)
})

test('what may have been missed', async () => {
  const { qemu, domain } = await dialledAgain()
  const told = listenTo(domain)
  // Another client waits for its turn at the monitor, plugs a vCPU, and leaves.
  const waiting = QmpClient.connect(qemu.connect(), { clock: testClock() })
  qemu.dropClient()
  const client = await waiting
  await (await otherClient(client)).plug(5)
  await client.close()
  await untilTold(told, 'connected')
  const types = () => told.map(({ type }) => type)
  await until(() => types().includes('gap'))
  const at = types().indexOf('gap')
  expect(at).toBeGreaterThan(types().indexOf('disconnected'))
})

test('an unplug that QEMU refused is not lost', async () => {
  const { qemu, domain } = await connectSimulated()
  const told = listenTo(domain)
  const unhook = qemu.onCommand('device_del', () => {
    throw new Refusal('not while a migration is under way')
  })
  expect((await failureOf(domain.setVcpuState(1, false))).outcome).toBe('rejected')
  unhook()
  await ended(domain.setVcpuState(1, false))
  await untilTold(told, 'unplugged', '1')
  expect(told.map(({ type }) => type)).not.toContain('lost')
})

test('an unplug that the guest refused after its caller had given up', async () => {
  const { qemu, domain } = await connectSimulated()
  const told = listenTo(domain)
  qemu.guest.onUnplug = 'ignore'
  await failureOf(domain.setVcpuState(1, false, { timeoutMs: TIMEOUT_MS }))
  qemu.refusePendingUnplug()
  await untilTold(told, 'refused', '1')
})
