// A QEMU that was sent SIGSTOP on a host under load was still listed as running when the silent monitor was looked at, once,
// two seconds before the end of the wait: ERR_MONITOR_HANGS, "QEMU hangs", and the advice of another fault. Seen once, on
// such a host.

import { expect, test } from 'vitest'
import { SilenceWatch } from '../../src/qmp/silence.ts'
import { Deadline } from '../../src/wire/deadline.ts'
import type { LocalListener } from '../../src/wire/local-listener.ts'
import { ManualClock, settled } from '../support/manual-clock.ts'

/** A monitor that no client has, whose process is in these states at one look after the other. */
function monitor(states: readonly LocalListener['processes'][number]['state'][]) {
  let looks = 0
  const lookAt = (): Promise<LocalListener> => {
    const state = states[Math.min(looks, states.length - 1)] ?? 'running'
    looks++
    return Promise.resolve({ accepted: 0, waiting: 1, processes: [{ pid: 2 ** 30, name: 'qemu', state }] })
  }
  return { lookAt, looks: () => looks }
}

/** Half of what is left goes by, until no look is to come. Each look reads files of this host, too. */
async function toTheLastLook(clock: ManualClock, looks: () => number): Promise<void> {
  for (let stepMs = 1_000; stepMs > 60; stepMs /= 2) {
    const before = looks()
    await clock.advance(stepMs)
    expect(looks()).toBe(before + 1)
    if (stepMs > 120) while (clock.armed === 0) await settled()
  }
}

test('a process that has stopped since the first look is said to be stopped', async () => {
  const clock = new ManualClock()
  const { lookAt } = monitor(['running', 'stopped'])
  const watch = new SilenceWatch('the monitor', '/run/vm1/qmp.sock', new Deadline({}, 5_000, clock), lookAt)
  await clock.advance(3_000)
  while (clock.armed === 0) await settled()
  expect(watch.error().code).toBe('ERR_MONITOR_HANGS')
  await clock.advance(1_000)
  while (watch.error().code !== 'ERR_PROCESS_STOPPED') await settled()
  expect(clock.armed).toBe(0)
})

test('one that runs on is looked at a few times, and not after the end', async () => {
  const clock = new ManualClock()
  const { lookAt, looks } = monitor(['running'])
  const watch = new SilenceWatch('the monitor', '/run/vm1/qmp.sock', new Deadline({}, 5_000, clock), lookAt)
  await clock.advance(3_000)
  while (clock.armed === 0) await settled()
  await toTheLastLook(clock, looks)
  expect(watch.error().code).toBe('ERR_MONITOR_HANGS')
  await clock.advance(1_000)
  expect(looks()).toBe(6)
  expect(clock.armed).toBe(0)
})

test('a wait that ended in the middle sets no other look', async () => {
  const clock = new ManualClock()
  const { lookAt, looks } = monitor(['running'])
  const watch = new SilenceWatch('the monitor', '/run/vm1/qmp.sock', new Deadline({}, 5_000, clock), lookAt)
  await clock.advance(3_000)
  watch.end()
  while (watch.error().code !== 'ERR_MONITOR_HANGS') await settled()
  await clock.advance(2_000)
  expect(looks()).toBe(1)
})
