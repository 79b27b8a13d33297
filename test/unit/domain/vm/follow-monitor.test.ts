import { describe, expect, test } from 'vitest'
import { VmDriver } from '../../../../src/domain/vm/driver.ts'
import { followExecutor, monitorListener } from '../../../../src/domain/vm/follow-monitor.ts'
import type { QmpExecutor } from '../../../../src/qmp/executor.ts'
import { ManualClock, settled } from '../../../support/manual-clock.ts'
import { BOOT, slot } from './kit.ts'
import { FakeEvents, FakeMonitor } from './monitor.ts'

function setUp(withEvents = true) {
  const events = new FakeEvents()
  const monitor = new FakeMonitor([slot(0, 1, BOOT)])
  const qmp: QmpExecutor = withEvents ? Object.assign(monitor, { events: () => events }) : monitor
  const driver = new VmDriver(qmp, new ManualClock())
  return { events, qmp, driver }
}

describe('an executor of the caller’s own', () => {
  test('is connected from the first on, and its events are heard in their order', async () => {
    const { events, qmp, driver } = setUp()
    followExecutor(qmp, driver)
    expect(driver.state).toMatchObject({ isConnected: true, hearsEvents: true, now: { connection: 1, boot: 0 } })
    await events.send('RESET', { guest: true })
    await events.send('SHUTDOWN', { guest: true })
    const { lastWords, now } = driver.state
    expect(now.boot).toBe(1)
    expect(lastWords.shutdown).toBeGreaterThan(lastWords.reset)
  })

  test('one without events cannot tell of a reset', () => {
    const { qmp, driver } = setUp(false)
    followExecutor(qmp, driver)
    expect(driver.state).toMatchObject({ isConnected: true, hearsEvents: false })
  })

  test.each([
    ['ends', undefined],
    ['fails', new Error('the reader fell behind')],
  ])('nor one whose stream %s', async (_what, failure) => {
    const { events, qmp, driver } = setUp()
    followExecutor(qmp, driver)
    await events.send('RESUME')
    expect(driver.state.hearsEvents).toBe(true)
    await events.end(failure)
    expect(driver.state).toMatchObject({ isConnected: true, hearsEvents: false })
  })

  test('what is not known, or not as QEMU’s schema has it, hints at nothing', async () => {
    const { events, qmp, driver } = setUp()
    followExecutor(qmp, driver)
    const { tick } = driver.state.now
    await events.send('BLOCK_JOB_READY')
    await events.send('RESET', { guest: 'maybe' })
    expect(driver.state.now).toMatchObject({ tick, boot: 0 })
    await events.send('RESET', { guest: false })
    expect(driver.state.now.boot).toBe(1)
    expect(driver.state.hearsEvents).toBe(true)
  })

  test('its stream is left when the domain closes, and a failure to leave is nobody’s uncaught error', async () => {
    const { events, qmp, driver } = setUp()
    followExecutor(qmp, driver)
    await settled()
    expect(events.isLeft).toBe(false)
    driver.close()
    await settled()
    expect(events.isLeft).toBe(true)
  })

  test('that has reported itself is not followed a second time', () => {
    const { events, qmp, driver } = setUp()
    driver.take({ type: 'connected' })
    followExecutor(qmp, driver)
    driver.close()
    expect(driver.state.now.connection).toBe(1)
    expect(events.isLeft).toBe(false)
  })
})

test('a connection made here reports its beginning, its events and its end', () => {
  const { driver } = setUp()
  const { onConnected, onDisconnected, onEvent } = monitorListener(() => driver)
  const timestamp = { seconds: 0, microseconds: 0 }
  const lost = new Error('lost')
  onConnected()
  expect(driver.state).toMatchObject({ isConnected: true, now: { connection: 1 } })
  onEvent({ event: 'RESET', data: { guest: true }, timestamp })
  onEvent({ event: 'RESET', data: {}, timestamp })
  expect(driver.state.now.boot).toBe(1)
  onDisconnected(lost)
  expect(driver.state).toMatchObject({ isConnected: false, lostBy: lost })
})

test('an error of our own is not taken for an odd event', () => {
  const bug = new Error('a bug')
  const broken = {
    take: () => {
      throw bug
    },
  }
  const { onEvent } = monitorListener(() => broken as never)
  const timestamp = { seconds: 0, microseconds: 0 }
  expect(() => {
    onEvent({ event: 'RESUME', data: {}, timestamp })
  }).toThrow(bug)
})
