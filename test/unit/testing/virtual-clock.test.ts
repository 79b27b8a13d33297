import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryPair, Random, VirtualClock } from '../../../src/testing/index.ts'

const later = (clock: VirtualClock, ms: number) =>
  new Promise<void>((resolve) => {
    clock.after(ms, resolve)
  })

test('timers fire in the order of their times, then of their age, at their times', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 30 }), async (delays) => {
      const clock = new VirtualClock()
      const fired: (readonly [number, number])[] = []
      for (const [age, ms] of delays.entries()) clock.after(ms, () => fired.push([clock.now(), age]))
      expect([clock.pending, fired.length]).toEqual([delays.length, 0])
      await clock.advance(20)
      const expected = delays.map((ms, age) => [ms, age] as const)
      expect(fired).toEqual(expected.sort(([a, x], [b, y]) => a - b || x - y))
      expect([clock.now(), clock.pending]).toEqual([20, 0])
    }),
    { numRuns: 30 },
  )
})

test('time stands still until it is told to go on, and goes no further than told', async () => {
  const clock = new VirtualClock()
  const fired: number[] = []
  for (const ms of [1, 5, 6]) clock.after(ms, () => fired.push(ms))
  await clock.advance(0)
  expect(fired).toEqual([])
  await clock.advance(5)
  expect([clock.now(), fired, clock.pending]).toEqual([5, [1, 5], 1])
})

test('a cancelled timer does not fire; cancelling it again, or one that fired, does nothing', async () => {
  const clock = new VirtualClock()
  const fired: string[] = []
  const one = clock.after(1, () => fired.push('one'))
  const two = clock.after(2, () => fired.push('two'))
  two.unref()
  two.cancel()
  two.cancel()
  await clock.advance(3)
  one.cancel()
  expect(fired).toEqual(['one'])
})

test('before each timer everything else has happened: promises, ticks, immediates, memory connections', async () => {
  const clock = new VirtualClock()
  const [near, far] = memoryPair()
  const order: string[] = []
  far.on('data', (bytes: Buffer) => far.write(`${bytes.toString()} back`))
  near.on('data', (bytes: Buffer) => order.push(bytes.toString()))
  clock.after(1, () => {
    setImmediate(() => {
      void Promise.resolve().then(() => {
        process.nextTick(() => {
          setImmediate(() => setImmediate(() => near.write('there and')))
        })
      })
    })
  })
  clock.after(1, () => order.push('next timer'))
  await clock.advance(1)
  expect(order).toEqual(['there and back', 'next timer'])
})

test('a timer set by a timer fires in the same advance, when it is due', async () => {
  const clock = new VirtualClock()
  const times: number[] = []
  const again = (): void => {
    times.push(clock.now())
    clock.after(10, again)
  }
  clock.after(10, again)
  await clock.advance(35)
  expect(times).toEqual([10, 20, 30])
  expect(clock.pending).toBe(1)
})

test('run goes on until the promise settles, either way', async () => {
  const clock = new VirtualClock()
  const month = 30 * 86_400_000
  expect(
    await clock.run(
      later(clock, month).then(() => 'done'),
      { limitMs: 2 * month },
    ),
  ).toBe('done')
  expect(clock.now()).toBe(month)
  expect(await clock.run(Promise.resolve(1))).toBe(1)
  const failing = later(clock, 5).then(() => {
    throw new Error('no')
  })
  await expect(clock.run(failing)).rejects.toThrow('no')
  expect(clock.now()).toBe(month + 5)
})

test('run does not pass the moment at which the promise settled', async () => {
  const clock = new VirtualClock()
  clock.after(7, () => undefined)
  await clock.run(later(clock, 3))
  expect([clock.now(), clock.pending]).toEqual([3, 1])
})

test('run says when nothing is left that could settle the promise', async () => {
  const clock = new VirtualClock()
  const never = new Promise<never>(() => undefined)
  clock.after(3, () => undefined)
  await expect(clock.run(never)).rejects.toMatchObject({
    code: 'ERR_STALLED',
    message: 'nothing is left that could settle the promise: no timer is pending at 3 ms',
  })
})

test('run says when the promise does not settle though time goes on', async () => {
  const clock = new VirtualClock()
  const poll = (): void => {
    clock.after(1_000, poll)
  }
  poll()
  const never = new Promise<never>(() => undefined)
  await expect(clock.run(never, { limitMs: 60_000 })).rejects.toMatchObject({ code: 'ERR_STALLED' })
  expect(clock.now()).toBe(60_000)
})

test('timers of 0 ms without end are an error, not a hang', async () => {
  const clock = new VirtualClock()
  const again = (): void => {
    clock.after(0, again)
  }
  again()
  await expect(clock.advance(1)).rejects.toMatchObject({ code: 'ERR_STALLED' })
})

test('two who move time do not overtake each other', async () => {
  const clock = new VirtualClock()
  const order: string[] = []
  const chain = async (name: string) => {
    for (let step = 1; step <= 3; step++) {
      await later(clock, 10)
      order.push(`${name}${step}@${clock.now()}`)
    }
  }
  await Promise.all([clock.run(chain('a')), clock.run(chain('b')), clock.advance(15)])
  expect(order).toEqual(['a1@10', 'b1@10', 'a2@20', 'b2@20', 'a3@30', 'b3@30'])
})

test('what a task throws reaches whoever moves time, and the clock goes on', async () => {
  const clock = new VirtualClock()
  clock.after(1, () => {
    throw new Error('task')
  })
  await expect(clock.advance(1)).rejects.toThrow('task')
  await clock.advance(1)
  expect(() => clock.after(NaN, () => undefined)).toThrow(expect.objectContaining({ code: 'ERR_CLOCK' }) as Error)
  await expect(clock.advance(-1)).rejects.toMatchObject({ code: 'ERR_CLOCK' })
})

test('a month of a timer a minute takes seconds at most', async () => {
  const clock = new VirtualClock()
  let minutes = 0
  const tick = (): void => {
    minutes++
    clock.after(60_000, tick)
  }
  clock.after(60_000, tick)
  await clock.advance(30 * 86_400_000)
  expect(minutes).toBe(43_200)
})

test('the generator repeats itself by seed, keeps its bounds, and forks by purpose', () => {
  const draw = (random: Random) => Array.from({ length: 1_000 }, () => random.integer(3, 9))
  expect(draw(new Random(7))).toEqual(draw(new Random(7)))
  expect(draw(new Random(7))).not.toEqual(draw(new Random(8)))
  expect(new Set(draw(new Random(1)))).toEqual(new Set([3, 4, 5, 6, 7, 8, 9]))
  const parent = new Random(7)
  const early = draw(parent.fork('a'))
  parent.next()
  expect(draw(parent.fork('a'))).toEqual(early)
  expect(draw(parent.fork('b'))).not.toEqual(early)
  expect(['x', 'y']).toContain(parent.pick(['x', 'y']))
})
