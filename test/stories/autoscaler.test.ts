// examples/autoscaler.ts: its policy as a property, and the whole of it on a simulated VM in virtual time.
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { autoscale, checkPolicy, decide, LoadReader, type Policy, type Reading } from '../../examples/autoscaler.ts'
import { QgaClient, type QgaExecutor } from '../../src/qga/index.ts'
import { hang, SimulatedVm, type GuestBehaviour, type SimulatedAgentOptions } from '../../src/testing/index.ts'
import { testClock } from '../support/passing-clock.ts'

const SOURCE = 'a test'

const policies: fc.Arbitrary<Policy> = fc
  .record({
    sizes: fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 40 })),
    thresholds: fc.uniqueArray(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 2, maxLength: 2 }),
    periodMs: fc.integer({ min: 1, max: 60_000 }),
    quietMs: fc.integer({ min: 0, max: 600_000 }),
  })
  .map(({ sizes: [min, more], thresholds, ...times }) => {
    const [down = 0.1, up = 0.9] = thresholds.sort((a, b) => a - b)
    return { min, max: min + more, down, up, ...times }
  })

/** The sizes that follow from a row of readings, a period apart, and when each came about. */
function follow(policy: Policy, from: number, readings: readonly ((size: number) => Reading)[]) {
  let size = from
  let changedAtMs = -Infinity
  const changes: { atMs: number; from: number; to: number }[] = []
  for (const [period, read] of readings.entries()) {
    const nowMs = period * policy.periodMs
    const { action, target } = decide(policy, { size, reading: read(size), sinceChangeMs: nowMs - changedAtMs })
    expect(action === 'stay').toBe(target === size)
    if (action === 'stay') continue
    changes.push({ atMs: nowMs, from: size, to: target })
    size = target
    changedAtMs = nowMs
  }
  return { size, changes }
}

const anyReading = fc.oneof(
  fc.double({ min: 0, max: 100 }).map((load) => ({ load, source: SOURCE })),
  fc.double().map((load) => ({ load, source: SOURCE })),
  fc.string().map((problem) => ({ problem })),
)

describe('decide', () => {
  test('whatever the guest says: never outside the limits, a step at a time, and quiet after each', () => {
    fc.assert(
      fc.property(policies, fc.array(anyReading, { maxLength: 200 }), fc.nat(), (policy, readings, at) => {
        checkPolicy(policy)
        const { min, max, quietMs } = policy
        const from = min + (at % (max - min + 1))
        const { changes } = follow(
          policy,
          from,
          readings.map((reading) => () => reading),
        )
        for (const { from: before, to } of changes) {
          expect(to).toBeGreaterThanOrEqual(min)
          expect(to).toBeLessThanOrEqual(max)
          expect(Math.abs(to - before)).toBe(1)
        }
        for (const [i, { atMs }] of changes.slice(1).entries()) {
          expect(atMs - (changes[i]?.atMs ?? 0)).toBeGreaterThanOrEqual(quietMs)
        }
      }),
    )
  })

  test.each([
    ['a load average', (work: number) => work],
    ['what the CPUs did, which is never more than they are', (work: number, size: number) => Math.min(work, size)],
  ])('a constant load settles, in one direction, by %s', (_name, loadOf) => {
    fc.assert(
      fc.property(policies, fc.double({ min: 0, max: 60, noNaN: true }), fc.nat(), (policy, work, at) => {
        const quick = { ...policy, quietMs: 0 }
        const span = quick.max - quick.min
        const reading = (size: number): Reading => ({ load: loadOf(work, size), source: SOURCE })
        const { changes } = follow(
          quick,
          quick.min + (at % (span + 1)),
          Array.from({ length: 3 * span + 3 }, () => reading),
        )
        expect(changes.length).toBeLessThanOrEqual(span)
        expect(new Set(changes.map(({ from, to }) => to - from)).size).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('a size that others have set outside the limits comes back into them, step by step', () => {
    const policy = { min: 2, max: 4, up: 0.8, down: 0.3, periodMs: 1, quietMs: 0 }
    const idle = (): Reading => ({ load: 3, source: SOURCE })
    expect(
      follow(
        policy,
        7,
        Array.from({ length: 9 }, () => idle),
      ).size,
    ).toBe(4)
    expect(follow(policy, 1, [idle]).size).toBe(2)
  })

  test.each([NaN, -1, Infinity, -Infinity, 1e9])('a load of %s is not believed', (load) => {
    const policy = { min: 1, max: 8, up: 0.8, down: 0.3, periodMs: 1, quietMs: 0 }
    expect(decide(policy, { size: 2, reading: { load, source: SOURCE }, sinceChangeMs: Infinity })).toEqual({
      action: 'stay',
      target: 2,
      reason: `a load of ${load} on 2 CPUs is not believed`,
    })
  })

  test.each([
    [{ min: 0 }, /min 0/],
    [{ max: 1.5 }, /max 1.5/],
    [{ min: 9 }, /min 9, max 8/],
    [{ down: 0.8 }, /down 0.8, up 0.8/],
    [{ up: NaN }, /up NaN/],
    [{ periodMs: 0 }, /period of 0/],
  ])('a policy with %j is refused', (wrong, message) => {
    const policy = { min: 1, max: 8, up: 0.8, down: 0.3, periodMs: 1, quietMs: 0, ...wrong }
    expect(() => {
      checkPolicy(policy)
    }).toThrow(message)
  })
})

const GOOD_INFO = {
  version: '7.2',
  supported_commands: [{ name: 'guest-get-cpustats', enabled: true, 'success-response': true }],
}
const stats = (user: unknown, idle: unknown): unknown => [{ type: 'linux', cpu: 0, user, system: 0, nice: 0, idle }]

/** A reader of an agent that answers with these, one after the other, whatever it is asked. */
function readerOf(...answers: readonly unknown[]): LoadReader {
  const left = [...answers]
  const agent: QgaExecutor = { execute: () => Promise.resolve(left.shift()) }
  return new LoadReader(agent)
}

describe('a reading', () => {
  test('of guest-get-cpustats is what the CPUs did since the last one', async () => {
    const reader = readerOf(GOOD_INFO, stats(1_000, 1_000), GOOD_INFO, stats(1_750, 1_250), stats(1_750, 2_250))
    expect(await reader.read()).toEqual({ problem: expect.stringContaining('for the first time') as string })
    expect(await reader.read()).toEqual({ load: 0.75, source: 'guest-get-cpustats' })
    expect(await reader.read()).toEqual({ load: 0, source: 'guest-get-cpustats' })
  })

  const good = { load1m: 1 }
  const withLoad = { supported_commands: [{ name: 'guest-get-load', enabled: true }] }
  test.each<[string, readonly unknown[]]>([
    ['no list of commands', [{ supported_commands: 7 }]],
    ['nothing at all', [undefined]],
    ['a list of nothing', [{ supported_commands: [null, 3, [], {}] }]],
    ['a command that is disabled', [{ supported_commands: [{ name: 'guest-get-load', enabled: false }] }, good]],
    ['a load that is text', [withLoad, { load1m: '1' }]],
    ['a load that is null, as JSON has NaN', [withLoad, { load1m: null }]],
    ['a list as a load', [withLoad, [1]]],
    ['a time that is negative', [GOOD_INFO, stats(-1, 0)]],
    ['a time that is NaN', [GOOD_INFO, stats(NaN, 0)]],
    ['a time above all numbers', [GOOD_INFO, stats(2 ** 60, 0)]],
    ['times that are no list', [GOOD_INFO, { cpu: 0 }]],
    ['times of nothing', [GOOD_INFO, [], GOOD_INFO, []]],
  ])('of %s is a problem, in words', async (_what, answers) => {
    const reader = readerOf(...answers)
    for (let asked = 0; asked < answers.length; asked += 2) {
      expect(await reader.read()).toEqual({ problem: expect.any(String) as string })
    }
  })

  test.each([
    ['that went back', stats(500, 1_000), 'the guest has booted again'],
    ['that stand still', stats(1_000, 1_000), 'stand still'],
  ])('of counters %s is a problem', async (_what, second, words) => {
    const reader = readerOf(GOOD_INFO, stats(1_000, 1_000), GOOD_INFO, second)
    await reader.read()
    expect(await reader.read()).toEqual({ problem: expect.stringContaining(words) as string })
  })
})

interface Entry {
  readonly at: string
  readonly vm: string
  readonly action?: string
  readonly reason?: string
  readonly size?: number
  readonly load?: number
  readonly source?: string
  readonly problem?: string
  readonly target?: number
  readonly change?: string
  readonly changed?: string
  readonly error?: { readonly code: string; readonly outcome: string }
}

const POLICY: Policy = { min: 1, max: 4, up: 0.8, down: 0.4, periodMs: 10_000, quietMs: 60_000 }

/** The autoscaler on a VM with one vCPU of eight, until the test ends. */
function scaled(guest: GuestBehaviour = {}, agent: SimulatedAgentOptions = {}) {
  const clock = testClock()
  const vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 1, maxcpus: 8 }, clock, guest, agent })
  const end = new AbortController()
  const trail: Entry[] = []
  const running = autoscale({
    ...{ qmp: vm.qmp, qga: vm.qga, name: 'vm1', policy: POLICY, clock, signal: end.signal },
    audit: (line) => {
      expect(line).not.toContain('\n')
      trail.push(JSON.parse(line) as Entry)
    },
    date: () => new Date(clock.now()),
  })
  const stop = async (): Promise<void> => {
    end.abort()
    await running
  }
  onTestFinished(stop)
  const runs = (): number => vm.truth().slots.filter(({ vcpus }) => vcpus[0]?.guest?.online === true).length
  return { clock, vm, trail, runs, stop, actions: () => trail.filter(({ action }) => action !== 'stay') }
}

test('it follows the load up and down, a step at a time, within its limits, and its trail says each', async () => {
  const { clock, vm, trail, runs, actions } = scaled()
  vm.guest.load = 9
  await clock.sleep(600_000)
  expect(runs()).toBe(4)
  expect(actions().map(({ action, change, target, changed }) => [action ?? change, target, changed])).toEqual([
    ['up', 2, undefined],
    ['done', 2, '1'],
    ['up', 3, undefined],
    ['done', 3, '2'],
    ['up', 4, undefined],
    ['done', 4, '3'],
  ])
  expect(trail[0]).toEqual({
    ...{ at: expect.stringMatching(/^1970-01-01T00:00:0/) as string, vm: 'vm1', size: 1, load: 9 },
    ...{ source: 'guest-get-load', action: 'up', target: 2, reason: 'above 0.8 for each CPU' },
  })
  expect(trail.at(-1)).toMatchObject({ action: 'stay', reason: 'above 0.8, and at the maximum' })
  vm.guest.load = 1
  await clock.sleep(600_000)
  expect(runs()).toBe(3)
  vm.guest.load = 0
  await clock.sleep(600_000)
  expect(runs()).toBe(1)
  // A period at least between any two decisions, the quiet time between any two changes.
  const times = (entries: readonly Entry[]): number[] => entries.map(({ at }) => Date.parse(at))
  const gaps = (moments: readonly number[]): number[] => moments.slice(1).map((ms, i) => ms - (moments[i] ?? 0))
  expect(Math.min(...gaps(times(trail.filter(({ action }) => action !== undefined))))).toBeGreaterThanOrEqual(10_000)
  const ends = trail.filter(({ change }) => change !== undefined)
  expect(Math.min(...gaps(times(ends)))).toBeGreaterThanOrEqual(60_000)
})

test('an agent before 10.0 has counters alone, and they do as well', async () => {
  const { clock, vm, trail, runs } = scaled({}, { version: '7.2.22' })
  vm.guest.load = 2.5
  await clock.sleep(900_000)
  expect(trail[0]).toMatchObject({ action: 'stay', reason: expect.stringContaining('for the first time') as string })
  expect(runs()).toBe(4)
  expect(trail.at(-1)?.source).toBe('guest-get-cpustats')
  expect(trail.at(-1)?.load).toBeCloseTo(2.5, 1)
  vm.guest.load = 0.1
  await clock.sleep(900_000)
  expect(runs()).toBe(1)
})

test('an agent that does not answer leaves the size alone, and the trail says so', async () => {
  const { clock, vm, trail, runs } = scaled()
  vm.stopAgent()
  vm.guest.load = 9
  await clock.sleep(120_000)
  expect(runs()).toBe(1)
  expect(trail.length).toBeGreaterThan(3)
  for (const entry of trail) {
    expect(entry).toMatchObject({ action: 'stay', problem: expect.stringMatching(/^ERR_/) as string })
  }
  // And it is followed again when it is back.
  vm.contAgent()
  await clock.sleep(120_000)
  expect(runs()).toBeGreaterThan(1)
})

test.each([null, '9', -3, 1e12, [], {}])('a guest that says its load is %j changes nothing', async (load1m) => {
  const { clock, vm, trail, runs } = scaled()
  vm.agent?.onCommand('guest-get-load', () => ({ load1m, load5m: 0, load15m: 0 }))
  await clock.sleep(60_000)
  expect(runs()).toBe(1)
  expect(trail.every(({ action }) => action === 'stay')).toBe(true)
  expect(vm.truth().requests).toEqual([])
})

test('an agent without either command is said to be one', async () => {
  const { clock, trail } = scaled({}, { missing: ['guest-get-load', 'guest-get-cpustats'] })
  await clock.sleep(20_000)
  expect(trail[0]).toMatchObject({
    action: 'stay',
    reason: 'the load is not known: the agent has neither guest-get-load nor guest-get-cpustats',
  })
})

test('a guest that refuses is asked again only after the quiet time, and each failure is in the trail', async () => {
  const { clock, vm, trail, runs } = scaled({ onPlug: 'refuse' })
  vm.guest.load = 9
  await clock.sleep(200_000)
  expect(runs()).toBe(1)
  const failed = trail.filter(({ change }) => change === 'failed')
  expect(failed.length).toBeGreaterThan(1)
  const moments = failed.map(({ at }) => Date.parse(at))
  for (const [i, ms] of moments.slice(1).entries()) expect(ms - (moments[i] ?? 0)).toBeGreaterThanOrEqual(60_000)
  for (const { error } of failed) expect(error).toMatchObject({ code: 'ERR_SCALE_INCOMPLETE' })
  // Undone each time: nothing is left plugged that the guest does not run.
  expect(vm.truth().slots.filter(({ device }) => device !== undefined)).toHaveLength(1)
})

test('stopped in the middle of a change, the trail has its outcome', async () => {
  const { clock, vm, trail, stop } = scaled()
  vm.agent?.onCommand('guest-set-vcpus', hang)
  vm.guest.load = 9
  await clock.until(() => vm.truth().requests.length > 0)
  await stop()
  expect(trail.at(-1)).toMatchObject({ change: 'failed', error: { code: 'ERR_ABORTED' } })
  expect(['partial', 'unknown']).toContain(trail.at(-1)?.error?.outcome)
})

test('a VM that dies changes nothing and ends nothing; the next one is followed', async () => {
  const { clock, vm, trail, runs } = scaled()
  await clock.sleep(15_000)
  vm.restart({ downMs: 60_000 })
  await clock.sleep(40_000)
  expect(trail.at(-1)).toMatchObject({ action: 'stay' })
  vm.guest.load = 9
  await clock.sleep(240_000)
  expect(runs()).toBeGreaterThan(1)
})

test('its two readers share the agent’s one channel', async () => {
  const { clock, vm, trail } = scaled()
  await clock.sleep(60_000)
  vm.dropAgent()
  await clock.sleep(60_000)
  expect(trail.filter(({ problem }) => problem !== undefined).length).toBeLessThanOrEqual(1)
  expect(trail.at(-1)).toMatchObject({ source: 'guest-get-load' })
})

test('the reader takes a client as it is', async () => {
  const clock = testClock()
  await using vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 1, maxcpus: 2 }, clock })
  vm.guest.load = 0.5
  await using client = await QgaClient.connect(vm.qga, { clock })
  expect(await new LoadReader(client).read()).toEqual({ load: 0.5, source: 'guest-get-load' })
})
