import { expect, test } from 'vitest'
import { RedialPace, type RedialCrowd } from '../../../src/wire/redial-pace.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const signal = new AbortController().signal

function setUp(crowd: RedialCrowd = { waiting: 0 }, random = () => 1) {
  const clock = new ManualClock()
  const pace = new RedialPace(clock, random, crowd)
  /** How long it waits now, in milliseconds. */
  const waited = async (): Promise<number> => {
    const fromMs = clock.now()
    let endedMs = -1
    const wait = pace.wait(signal).then(() => {
      endedMs = clock.now()
    })
    await clock.advance(10_000)
    await wait
    return endedMs - fromMs
  }
  return { clock, pace, waited }
}

test('before the first failure there is no pause', async () => {
  const { waited } = setUp()
  expect(await waited()).toBe(0)
})

test.each([
  { jitter: 1, dialsASecond: 100 },
  { jitter: 0, dialsASecond: 200 },
])(
  '200 connections that fail cheaply share a rate: $dialsASecond dials a second with jitter $jitter',
  async ({ jitter, dialsASecond }) => {
    const crowd = { waiting: 0 }
    const clock = new ManualClock()
    let dials = 0
    const end = new AbortController()
    const lives = Array.from({ length: 200 }, async () => {
      const pace = new RedialPace(clock, () => jitter, crowd)
      while (!end.signal.aborted) {
        dials++
        pace.failed('cheap')
        await pace.wait(end.signal).catch(() => undefined)
      }
    })
    await clock.advance(60_000)
    dials = 0
    await clock.advance(10_000)
    expect(dials).toBe(dialsASecond * 10)
    end.abort()
    await Promise.all(lives)
    expect(crowd.waiting).toBe(0)
  },
)

test('a dear failure after a long cheap outage goes on from the pause of that', async () => {
  const { pace, waited } = setUp()
  for (let round = 0; round < 50; round++) pace.failed('cheap')
  expect(await waited()).toBe(800)
  pace.failed('dear')
  expect(await waited()).toBe(1_600)
  pace.failed('cheap')
  expect(await waited()).toBe(800)
})

test.each([
  [true, 1_000, 50],
  [true, 1_001, 0],
  [false, 5_000, 50],
  [false, 5_001, 0],
])(
  'a connection that answered (%s) and lived %d ms is followed by a pause of %d ms',
  async (hasAnswered, livedMs, pauseMs) => {
    const { pace, waited } = setUp()
    pace.lost(hasAnswered, livedMs)
    expect(await waited()).toBe(pauseMs)
  },
)

test('a pause that is aborted counts no longer', async () => {
  const crowd = { waiting: 0 }
  const { pace } = setUp(crowd)
  pace.failed('dear')
  const end = new AbortController()
  const waiting = expect(pace.wait(end.signal)).rejects.toThrow('closed')
  expect(crowd.waiting).toBe(1)
  end.abort(new Error('closed'))
  await waiting
  expect(crowd.waiting).toBe(0)
})
