import { describe, expect, test } from 'vitest'
import { VmDriver } from '../../../../src/domain/vm/driver.ts'
import type { DomainEvent } from '../../../../src/domain/vm/news.ts'
import { CommandError, ConnectionError, ProtocolError } from '../../../../src/errors/peer-errors.ts'
import type { Clock } from '../../../../src/wire/clock.ts'
import { Deadline } from '../../../../src/wire/deadline.ts'
import { ManualClock, settled } from '../../../support/manual-clock.ts'
import { BOOT, CPU5, heard, slot, timestamp } from './kit.ts'
import { FakeMonitor } from './monitor.ts'

const CPU1 = { qomPath: '/machine/peripheral/cpu1', hostThreadId: 101 }
const empty = [slot(0, 1, BOOT), slot(1, 1, undefined)]
const filled = [slot(0, 1, BOOT), slot(1, 1, CPU1)]
const lost = new ConnectionError('ERR_CONNECTION_LOST', 'the peer closed the connection')

function setUp(clock: ManualClock = new ManualClock(), given: Clock = clock) {
  const monitor = new FakeMonitor(empty)
  const driver = new VmDriver(monitor, given)
  driver.take({ type: 'connected' })
  const within = (timeoutMs: number, signal?: AbortSignal) => new Deadline({ timeoutMs, signal }, 1, given)
  /** Wait until slot 1 is filled. */
  const untilFilled = (timeoutMs = 600_000, looks = true) =>
    driver.until(({ reading }) => reading?.slots[1]?.qomPath ?? undefined, {
      deadline: within(timeoutMs),
      looks,
      onTimeout: () => new Error('time is up'),
    })
  return { clock, monitor, driver, within, untilFilled }
}

/** All that a stream has told so far; grows as it tells more. */
function collected<T>(stream: AsyncIterable<T>): (T | 'end')[] {
  const all: (T | 'end')[] = []
  void (async () => {
    for await (const each of stream) all.push(each)
    all.push('end')
  })()
  return all
}

const typesOf = (news: readonly (DomainEvent | 'end')[]) => news.map((event) => (event === 'end' ? event : event.type))

describe('inputs', () => {
  test('are taken one after the other, also one that comes while another is taken', async () => {
    const { driver, within } = setUp()
    const log: string[] = []
    const wait = driver.until(
      ({ now, isConnected }) => {
        log.push(`${isConnected ? 'connected' : 'lost'} at ${now.tick}`)
        if (now.tick === 2) {
          driver.take({ type: 'disconnected', cause: lost })
          log.push('taken')
        }
        return isConnected ? undefined : now.tick
      },
      { deadline: within(1_000), looks: false, onTimeout: () => new Error('late') },
    )
    driver.take({ type: 'boot-doubted' })
    expect(await wait).toBe(3)
    expect(log).toEqual(['connected at 1', 'connected at 2', 'taken', 'lost at 3'])
  })

  test('each caller has a number of its own', () => {
    const { driver } = setUp()
    expect(new Set([driver.newCaller(), driver.newCaller(), driver.newCaller()]).size).toBe(3)
  })
})

describe('a reading', () => {
  test('is taken in before it is returned', async () => {
    const { driver, within } = setUp()
    const reading = await driver.read(within(10))
    expect(driver.state.reading).toBe(reading)
    expect(reading.askedAt).toStrictEqual({ connection: 1, boot: 0, tick: 1, question: 1 })
  })

  test('of a closed domain sends nothing', async () => {
    const { monitor, driver, within } = setUp()
    driver.close()
    await expect(driver.read(within(10))).rejects.toMatchObject({ code: 'ERR_CLOSED', outcome: 'not-sent' })
    expect(monitor.commands).toEqual([])
  })
})

describe('a wait', () => {
  test('that a reading would help looks at once, then more and more rarely, and no longer than it waits', async () => {
    const { clock, monitor, untilFilled } = setUp()
    const wait = untilFilled()
    const seen: number[] = []
    for (const ms of [0, 20, 40, 80, 160, 250, 250]) {
      await clock.advance(ms)
      seen.push(monitor.readings)
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7])
    monitor.slots = filled
    await clock.advance(250)
    expect(await wait).toBe(CPU1.qomPath)
    await clock.advance(60_000)
    expect(monitor.readings).toBe(8)
    expect(clock.armed).toBe(0)
  })

  test('a second one makes the looks frequent again', async () => {
    const { clock, monitor, untilFilled } = setUp()
    const first = untilFilled()
    await clock.advance(5_000)
    const before = monitor.readings
    const second = untilFilled()
    await clock.advance(30)
    expect(monitor.readings).toBeGreaterThanOrEqual(before + 2)
    monitor.slots = filled
    await clock.advance(250)
    expect(await Promise.all([first, second])).toEqual([CPU1.qomPath, CPU1.qomPath])
  })

  test('that no reading would help makes none more frequent', async () => {
    const { clock, monitor, untilFilled } = setUp()
    const looking = untilFilled()
    while (monitor.readings < 10) await clock.advance(1)
    const hearing = untilFilled(600_000, false)
    await clock.advance(249)
    expect(monitor.readings).toBe(10)
    monitor.slots = filled
    await clock.advance(1)
    expect(await Promise.all([looking, hearing])).toEqual([CPU1.qomPath, CPU1.qomPath])
  })

  test('for a turn says whose', async () => {
    const { clock, driver, within } = setUp()
    const never = new Promise<void>(() => undefined)
    void driver.turns.run(within(1_000), 'plug of vCPU 1', () => never)
    const late = expect(driver.turns.run(within(10), 'plug of vCPU 2', () => never)).rejects.toMatchObject({
      message: 'plug of vCPU 2: the change before it did not end within 10 ms',
    })
    await clock.advance(10)
    await late
  })

  test('that no reading would help looks at nothing', async () => {
    const { clock, monitor, untilFilled } = setUp()
    const wait = expect(untilFilled(100, false)).rejects.toThrow('time is up')
    await clock.advance(100)
    await wait
    expect(monitor.commands).toEqual([])
  })

  test('a hint brings the next look forward, and never closer than 10 ms', async () => {
    const { clock, monitor, driver, untilFilled } = setUp()
    const wait = untilFilled()
    // Until just after a look: the next one is 250 ms away.
    while (monitor.readings < 10) await clock.advance(1)
    const { readings } = monitor
    monitor.slots = filled
    for (let times = 0; times < 50; times++) driver.take(heard({ event: 'RESUME', data: {}, timestamp }))
    await clock.advance(9)
    expect(monitor.readings).toBe(readings)
    await clock.advance(1)
    expect(await wait).toBe(CPU1.qomPath)
    expect(monitor.readings).toBe(readings + 1)
  })

  test('looks that are slow take a fifth of the time at most', async () => {
    const { clock, monitor, untilFilled } = setUp()
    let open = (): void => undefined
    monitor.gate = new Promise((resolve) => {
      open = resolve
    })
    const wait = untilFilled()
    await clock.advance(100)
    expect(monitor.readings).toBe(1)
    monitor.gate = undefined
    open()
    await clock.advance(399)
    expect(monitor.readings).toBe(1)
    monitor.slots = filled
    await clock.advance(1)
    expect(monitor.readings).toBe(2)
    expect(await wait).toBe(CPU1.qomPath)
  })

  test('a look is bounded by itself, and ends with the domain', async () => {
    const { clock, monitor, driver, untilFilled } = setUp()
    const wait = expect(untilFilled()).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    await clock.advance(0)
    expect(monitor.bounds?.timeoutMs).toBe(10_000)
    const { signal } = monitor.bounds ?? {}
    expect(signal?.aborted).toBe(false)
    driver.close()
    await wait
    expect(signal?.reason).toMatchObject({ code: 'ERR_CLOSED', message: 'the domain was closed', outcome: 'not-sent' })
  })
})

describe('looks that fail', () => {
  test('a monitor that is lost for three seconds ends the waits that look', async () => {
    const { clock, monitor, untilFilled } = setUp()
    monitor.failure = { reason: lost }
    const outcome = untilFilled().catch((error: unknown) => error)
    const deaf = untilFilled(60_000, false).catch((error: unknown) => error)
    await clock.advance(2_900)
    expect(monitor.readings).toBeGreaterThan(5)
    await clock.advance(400)
    expect(await outcome).toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      outcome: 'unknown',
      cause: lost,
      message: 'the monitor is lost: the peer closed the connection',
    })
    await clock.advance(60_000)
    expect(await deaf).toMatchObject({ message: 'time is up' })
  })

  test('one that is back in time does not', async () => {
    const { clock, monitor, untilFilled } = setUp()
    monitor.failure = { reason: lost }
    const wait = untilFilled()
    await clock.advance(2_000)
    monitor.failure = undefined
    await clock.advance(500)
    monitor.failure = { reason: lost }
    await clock.advance(2_000)
    monitor.failure = undefined
    monitor.slots = filled
    await clock.advance(500)
    expect(await wait).toBe(CPU1.qomPath)
  })

  test.each([
    ['a refusal', new CommandError('query-cpus-fast', 'GenericError', 'no')],
    ['nonsense', new ProtocolError('nonsense')],
  ])('%s, three times in a row, is what they end with', async (_what, failure) => {
    const { clock, monitor, untilFilled } = setUp()
    monitor.answer = (command) => {
      if (command === 'query-cpus-fast') throw failure
      return undefined
    }
    const wait = expect(untilFilled()).rejects.toBe(failure)
    await clock.advance(1_000)
    await wait
    expect(monitor.readings).toBe(3)
  })

  test('what is no error becomes one', async () => {
    const { clock, monitor, untilFilled } = setUp()
    monitor.failure = { reason: 'broken' }
    const wait = expect(untilFilled()).rejects.toThrow(/^broken$/)
    await clock.advance(1_000)
    await wait
  })
})

describe('pause()', () => {
  const never = () => false

  test('ends after its time, or with the deadline', async () => {
    const { clock, driver, within } = setUp()
    let ended = 0
    void driver.pause(40, within(1_000), never).then(() => ended++)
    void driver.pause(1_000, within(40), never).then(() => ended++)
    await clock.advance(39)
    expect(ended).toBe(0)
    await clock.advance(1)
    expect(ended).toBe(2)
    expect(clock.armed).toBe(0)
  })

  test('lasts a millisecond at least', async () => {
    const { clock, driver, within } = setUp()
    const pause = driver.pause(0, within(1_000), never)
    expect(clock.armed).toBe(1)
    await clock.advance(1)
    await pause
  })

  test('ends with what it looks for, which may be there already', async () => {
    const { clock, driver, within } = setUp()
    const isLost = ({ isConnected }: { readonly isConnected: boolean }) => !isConnected
    const pause = driver.pause(40, within(1_000), isLost)
    driver.take({ type: 'disconnected', cause: lost })
    await pause
    await driver.pause(40, within(1_000), isLost)
    expect(clock.now()).toBe(0)
  })

  test('rejects with the signal’s reason, and when the domain closes', async () => {
    const { driver, within } = setUp()
    const controller = new AbortController()
    const aborted = expect(driver.pause(40, within(1_000, controller.signal), never)).rejects.toBe('mine')
    controller.abort('mine')
    await aborted
    const closed = expect(driver.pause(40, within(1_000), never)).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    driver.close()
    await closed
  })
})

describe('subscribers', () => {
  test('are told of what happens from now on: the first look is what later ones are compared with', async () => {
    const { clock, monitor, driver } = setUp()
    const stream = driver.subscribe()
    const first = collected(stream)
    expect(monitor.readings).toBe(1)
    const other = driver.subscribe()
    const second = collected(other)
    await settled()
    expect(monitor.readings).toBe(1)
    monitor.slots = filled
    await clock.advance(1_999)
    expect([monitor.readings, first]).toEqual([1, []])
    await clock.advance(1)
    expect(first).toMatchObject([{ type: 'plugged', deviceId: 'cpu1' }])
    expect(typesOf(second)).toEqual(['plugged'])
    await Promise.all([stream.return(), other.return()])
    await clock.advance(60_000)
    expect(monitor.readings).toBe(3)
    expect(clock.armed).toBe(0)
  })

  test('hear the end when it closes; of a closed domain, at once', async () => {
    const { monitor, driver } = setUp()
    const open = collected(driver.subscribe())
    driver.close()
    const { readings } = monitor
    const late = collected(driver.subscribe())
    await settled()
    expect([open, late]).toEqual([['end'], ['end']])
    expect(monitor.readings).toBe(readings)
  })
})

test('removals that are pending are looked after without a call, every two seconds', async () => {
  const { clock, monitor, driver } = setUp()
  monitor.slots = filled
  driver.take({ type: 'unplug-sent', caller: 1, firstId: 1, count: 1, device: CPU1 })
  const key = driver.state.removals[0]?.key ?? 0
  driver.take({ type: 'unplug-accepted', key })
  driver.take({ type: 'left', caller: 1, gaveUp: true })
  await clock.advance(4_000)
  expect(monitor.readings).toBe(3)
  monitor.slots = empty
  await clock.advance(2_000)
  expect(driver.state.removals).toEqual([])
  expect(clock.armed).toBe(0)
})

test('only a call keeps the process alive', async () => {
  const manual = new ManualClock()
  let unrefs = 0
  const clock: Clock = {
    now: () => manual.now(),
    after: (ms, task) => {
      const timer = manual.after(ms, task)
      return {
        cancel: () => {
          timer.cancel()
        },
        unref: () => unrefs++,
      }
    },
  }
  const { driver, monitor, untilFilled } = setUp(manual, clock)
  const stream = driver.subscribe()
  await settled()
  expect(unrefs).toBeGreaterThan(0)
  unrefs = 0
  const wait = untilFilled()
  await manual.advance(300)
  expect(unrefs).toBe(0)
  monitor.slots = filled
  await manual.advance(300)
  await wait
  expect(unrefs).toBeGreaterThan(0)
  await stream.return()
})

test('the connection’s state is told at once, and each that follows, until it is closed', async () => {
  const { driver } = setUp()
  const states = collected(driver.phases())
  driver.take({ type: 'boot-doubted' })
  driver.take({ type: 'disconnected', cause: lost })
  driver.take({ type: 'disconnected', cause: lost })
  driver.take({ type: 'connected' })
  driver.close()
  const late = collected(driver.phases())
  await settled()
  expect(states).toEqual([
    { state: 'connected' },
    { state: 'reconnecting', cause: lost },
    { state: 'connected' },
    { state: 'closed' },
    'end',
  ])
  expect(late).toEqual([{ state: 'closed' }, 'end'])
})

test('a closed domain gives away no monitor, leaves no timer and takes nothing in', async () => {
  const { clock, monitor, driver, untilFilled } = setUp()
  expect(driver.qmp).toBe(monitor)
  const news = collected(driver.subscribe())
  const wait = expect(untilFilled()).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  await clock.advance(10)
  driver.close()
  await wait
  const { state } = driver
  expect(() => driver.qmp).toThrow('the domain was closed')
  expect(clock.armed).toBe(0)
  driver.take({ type: 'connected' })
  driver.take({ type: 'unplug-sent', caller: 1, firstId: 5, count: 1, device: CPU5 })
  expect(driver.state).toBe(state)
  const before = monitor.readings
  await clock.advance(60_000)
  expect(monitor.readings).toBe(before)
  expect(news).toEqual(['end'])
})
