import { expect, test } from 'vitest'
import { readSlots } from '../../../../src/domain/vm/reading.ts'
import { CommandError, ConnectionError } from '../../../../src/errors/peer-errors.ts'
import { Deadline } from '../../../../src/wire/deadline.ts'
import { pause } from '../../../../src/wire/pause.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { BOOT, slot } from './kit.ts'
import { FakeMonitor } from './monitor.ts'

const CPU1 = { qomPath: '/machine/peripheral/cpu1', hostThreadId: 101 }
const both = [slot(0, 1, BOOT), slot(1, 1, CPU1)]

function setUp(timeoutMs = 60_000, signal?: AbortSignal) {
  const clock = new ManualClock()
  const qmp = new FakeMonitor(both)
  let tick = 0
  const read = () =>
    readSlots(
      qmp,
      new Deadline({ timeoutMs, signal }, 1, clock),
      () => ({ connection: 1, boot: 2, tick: ++tick }),
      (ms) => pause(clock, ms, signal),
    )
  return { clock, qmp, read }
}

/** One reply has the second vCPU, the other has not. */
const contradiction = (command: string) =>
  command === 'query-cpus-fast' ? [{ 'cpu-index': 0, 'qom-path': BOOT.qomPath, 'thread-id': 1 }] : undefined

test('a reading has the moment at which QEMU was asked, its target, and every slot', async () => {
  const { qmp, read } = setUp()
  const reading = await read()
  expect(reading).toMatchObject({
    noHotplug: undefined,
    target: 'x86_64',
    askedAt: { connection: 1, boot: 2, tick: 1 },
  })
  expect(reading.slots.map(({ firstId, qomPath }) => [firstId, qomPath])).toEqual([
    [0, BOOT.qomPath],
    [1, CPU1.qomPath],
  ])
  expect(qmp.commands).toEqual(['query-hotpluggable-cpus', 'query-cpus-fast', 'qom-get'])
})

test('a machine that refuses to list its slots has none to plug, in QEMU’s words', async () => {
  const { qmp, read } = setUp()
  qmp.answer = (command) => {
    if (command === 'query-cpus-fast') return undefined
    throw new CommandError(command, 'GenericError', 'machine does not support hot-plugging CPUs')
  }
  const reading = await read()
  expect(reading).toMatchObject({ noHotplug: 'machine does not support hot-plugging CPUs', target: 'x86_64' })
  expect(reading.slots.map(({ firstId, offlinable }) => [firstId, offlinable])).toEqual([
    [0, false],
    [1, false],
  ])
})

test.each(['query-hotpluggable-cpus', 'query-cpus-fast'])('any other failure of %s is one', async (failing) => {
  const { qmp, read } = setUp()
  const lost = new ConnectionError('ERR_CONNECTION_LOST', 'lost')
  qmp.answer = (command) => {
    if (command === failing) throw lost
    return undefined
  }
  await expect(read()).rejects.toBe(lost)
})

test('a refusal to list the vCPUs that run is no answer', async () => {
  const { qmp, read } = setUp()
  const refused = new CommandError('query-cpus-fast', 'GenericError', 'no')
  qmp.answer = (command) => {
    if (command === 'query-cpus-fast') throw refused
    return undefined
  }
  await expect(read()).rejects.toBe(refused)
})

test('replies that contradict each other are asked for again, four times at most, each with its own moment', async () => {
  const { clock, qmp, read } = setUp()
  qmp.answer = contradiction
  const failing = expect(read()).rejects.toMatchObject({ code: 'ERR_CONTRADICTION' })
  for (const [ms, readings] of [
    [0, 2],
    [9, 2],
    [1, 3],
    [39, 3],
    [1, 4],
    [149, 4],
    [1, 5],
    [9_999, 5],
  ] as const) {
    // prettier-ignore
    await clock.advance(ms)
    expect(qmp.readings).toBe(readings)
  }
  await failing
  const again = read()
  await clock.advance(0)
  qmp.answer = undefined
  await clock.advance(10)
  expect((await again).askedAt.tick).toBe(8)
})

test('not beyond the deadline', async () => {
  const { clock, qmp, read } = setUp(50)
  qmp.answer = contradiction
  const failing = expect(read()).rejects.toMatchObject({ code: 'ERR_CONTRADICTION' })
  await clock.advance(10)
  await failing
  expect(qmp.readings).toBe(3)
  expect(clock.armed).toBe(0)
})

test('nor beyond the signal', async () => {
  const controller = new AbortController()
  const { clock, qmp, read } = setUp(60_000, controller.signal)
  qmp.answer = contradiction
  const failing = expect(read()).rejects.toBe('mine')
  await clock.advance(5)
  controller.abort('mine')
  await failing
  expect(clock.armed).toBe(0)
})
