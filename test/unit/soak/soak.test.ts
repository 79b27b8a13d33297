import { getEventListeners } from 'node:events'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Domain } from '../../../src/index.ts'
import type { Gauges } from '../../soak/gauges.ts'
import { judgeRun } from '../../soak/report.ts'
import type { Seat, SeatContext } from '../../soak/seat.ts'
import { SimulatedSeat } from '../../soak/simulated/seat.ts'
import { soak, type SoakPlan, type SoakResult } from '../../soak/soak.ts'
import { heapInUse } from '../../stories/domain-leaves-nothing/heap.ts'
import { testClock } from '../../support/passing-clock.ts'

const MINUTE_MS = 60_000
const FLAT: Gauges = {
  rssMib: 90,
  heapMib: 40,
  handles: 12,
  timers: 3,
  listeners: 5,
  delayP50: 0,
  delayP99: 1,
  delayMax: 2,
}

function simulated(name: string) {
  return (context: SeatContext): Seat => new SimulatedSeat(name, 500, undefined, context)
}

function run(plan: Partial<SoakPlan>): Promise<SoakResult> {
  return soak({
    durationMs: 10 * MINUTE_MS,
    seed: 20,
    seats: [],
    clock: testClock(),
    sampleMs: 10_000,
    readGauges: () => Promise.resolve(FLAT),
    stop: new AbortController().signal,
    ...plan,
  })
}

test('four minutes of three simulated VMs: every call and nearly every trouble came, and nothing was false', async () => {
  const result = await run({ durationMs: 4 * MINUTE_MS, seats: ['a', 'b', 'c'].map(simulated) })
  const { tally } = result
  expect(tally.texts).toEqual([])
  expect(judgeRun(result).isGood).toBe(true)
  expect(tally.operations).toBeGreaterThan(200)
  expect(result.samples).toHaveLength(23)
  const names = (counts: readonly (readonly [string, number])[]): string[] => counts.map(([name]) => name).sort()
  expect(names(tally.acts)).toEqual(
    [
      ...['doctor', 'guest-maps', 'guest-off', 'guest-on', 'guest-scale', 'layout', 'maps', 'plan', 'plug', 'scale'],
      ...['states', 'unplug', 'vcpus'],
    ].sort(),
  )
  // What is rare may not be drawn in so short a time.
  expect(tally.happenings.length).toBeGreaterThan(9)
})

/** A seat of one step, done again and again. */
function fake(step: () => Promise<void>, close: () => Promise<void> = () => Promise.resolve()) {
  return (): Seat => ({ name: 'fake', paceMs: 1_000, step, close, listeners: () => 0 })
}

test('a step that never settles is false, and so is an end', async () => {
  const never = new Promise<never>(() => undefined)
  const { tally } = await run({
    seats: [
      fake(() => never),
      fake(
        () => Promise.resolve(),
        () => never,
      ),
    ],
  })
  expect(tally.texts).toEqual(
    expect.arrayContaining([
      'fake: a step has not settled after 1800000 ms',
      'fake: the end has not settled after 1800000 ms',
    ]),
  )
})

test('what a seat throws is false, and the run goes on', async () => {
  let steps = 0
  const { tally } = await run({
    seats: [
      fake(() => {
        steps++
        return steps === 2 ? Promise.reject(new TypeError('of no kind that a call may fail with')) : Promise.resolve()
      }),
    ],
  })
  expect(tally.falses).toBe(1)
  expect(tally.texts[0]).toContain('a step threw TypeError: of no kind')
  expect(steps).toBeGreaterThan(100)
})

test.each([
  ['says that nothing is plugged', 'vcpus', () => Promise.resolve([]), /it says {2}are plugged, in truth 0 /],
  ['never ends a plug', 'setVcpuState', () => new Promise<never>(() => undefined), /plug.* has not settled after/],
  ['says that it is done without doing it', 'setVcpuState', () => Promise.resolve({}), /done, and vCPU \d+ is /],
  [
    'fails with a bug of its own',
    'doctor',
    () => Promise.reject(new TypeError('x is undefined')),
    /something else than/,
  ],
] as const)('a package that %s is caught', async (_, method, lie, words) => {
  const spy = vi.spyOn(Domain.prototype, method).mockImplementation(lie as never)
  onTestFinished(() => {
    spy.mockRestore()
  })
  const { tally } = await run({ durationMs: 2 * MINUTE_MS, seats: [simulated('a')] })
  expect(tally.texts.join('\n')).toMatch(words)
})

test('a run that is stopped ends its seats at once, leaves no listener, and has a verdict', async () => {
  const clock = testClock()
  const controller = new AbortController()
  const running = run({ stop: controller.signal, seats: ['a', 'b'].map(simulated) })
  clock.after(MINUTE_MS, () => {
    controller.abort(new Error('Ctrl-C'))
  })
  const result = await running
  expect(result).toMatchObject({ isCutShort: true, elapsedMs: MINUTE_MS })
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  const { isGood, lines } = judgeRun(result)
  expect(result.tally.texts).toEqual([])
  expect(isGood).toBe(true)
  expect(lines.at(-1)).toMatch(/^GOOD: 1\.0 min, stopped early, \d+ operations, 0 false, no drift$/)
})

test('memory that is kept for each step is drift, and of the same run without it there is none', async () => {
  const leaked: Uint8Array[] = []
  const heap = async (): Promise<Gauges> => ({ ...FLAT, heapMib: ((await heapInUse()) + kept(leaked)) / 1_048_576 })
  const plan = { durationMs: MINUTE_MS, seats: [simulated('a')], readGauges: heap, sampleMs: 3_000 }
  const sound = judgeRun(await run(plan))
  expect(sound.lines.at(-1)).toContain('0 false, no drift')
  const leaking = judgeRun(await run({ ...plan, onStep: () => void leaked.push(new Uint8Array(1_048_576)) }))
  expect(leaking.isGood).toBe(false)
  expect(leaking.lines.at(-1)).toMatch(/^BAD: .* 0 false, drift$/)
  expect(leaking.lines).toContainEqual(expect.stringMatching(/^heap: DRIFT/))
})

/** Arrays of bytes are beside the heap, and as much memory. */
function kept(arrays: readonly Uint8Array[]): number {
  return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0)
}
