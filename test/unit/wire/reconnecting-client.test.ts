import { PassThrough } from 'node:stream'
import { beforeEach, describe, expect, test } from 'vitest'
import { ConnectionError } from '../../../src/errors/peer-errors.ts'
import { Deadline } from '../../../src/wire/deadline.ts'
import { Reconnecting, type DialHooks, type ReconnectingOptions } from '../../../src/wire/reconnecting-client.ts'
import { openTarget, type Target } from '../../../src/wire/target.ts'
import { ManualClock } from '../../support/manual-clock.ts'

interface Dial {
  readonly atMs: number
  readonly hooks: DialHooks
}

let clock: ManualClock
let dials: Dial[]
let log: string[]
/** What the next dials do. */
let isUp: boolean

beforeEach(() => {
  clock = new ManualClock()
  dials = []
  log = []
  isUp = true
})

const refused = new ConnectionError('ERR_CONNECT', 'nothing listens there')
const lost = new ConnectionError('ERR_CONNECTION_LOST', 'the peer closed the connection')

const TCP = { host: '127.0.0.1', port: 4444 }

const gaps = () => dials.slice(1).map(({ atMs }, at) => atMs - (dials[at]?.atMs ?? 0))

function setUp(options: ReconnectingOptions = {}, target: Target = TCP, failure: Error = refused) {
  return new Reconnecting(
    'the monitor',
    target,
    async (where, hooks) => {
      dials.push({ atMs: clock.now(), hooks })
      if (typeof where === 'function') await openTarget(where, within(1))
      if (!isUp) throw failure
      hooks.onConnected()
      const close = () => {
        hooks.onDisconnected(new Error('closed here'))
        return Promise.resolve()
      }
      return { close }
    },
    {
      clock,
      random: () => 1,
      onConnected: () => log.push('connected'),
      onDisconnected: (cause) => log.push(`lost: ${cause.message}`),
      ...options,
    },
  )
}

const within = (timeoutMs: number) => new Deadline({ timeoutMs }, 1, clock)

test('an address is dialled as it was given, and what is remembered of it is of this connection', async () => {
  const seen: unknown[] = []
  const dial = (where: Target) => {
    seen.push(where)
    return Promise.reject(refused)
  }
  const links = [0, 1].map(() => new Reconnecting('the monitor', TCP, dial, { clock }))
  for (const link of links) await expect(link.open(undefined)).rejects.toBe(refused)
  expect(seen).toEqual([TCP, TCP])
  expect(new Set([...seen, TCP]).size).toBe(3)
  for (const link of links) await link.close()
})

test('a stream that was given and never used is ended all the same, once', async () => {
  const stream = new PassThrough()
  const link = setUp({}, stream)
  await link.close()
  expect(stream.destroyed).toBe(true)
  // Its last words are nothing uncaught.
  stream.emit('error', new Error('late'))
  const gone = new PassThrough()
  gone.destroy()
  await setUp({}, gone).close()
  expect(gone.listenerCount('error')).toBe(0)
})

describe('failed dials', () => {
  test('are further and further apart, however often one asks; a success begins again', async () => {
    const link = setUp()
    isUp = false
    const loop = (async () => {
      for (let asks = 0; asks < 100; asks++) {
        try {
          return await link.get(within(100_000))
        } catch {
          // Again, at once.
        }
      }
      throw new Error('asked a hundred times: nothing holds the dials apart')
    })()
    await clock.advance(18_000)
    expect(gaps()).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000])
    isUp = true
    await clock.advance(5_000)
    await loop
    // It has lived for as long as a connection must.
    await clock.advance(1_001)
    dials.at(-1)?.hooks.onDisconnected(lost)
    isUp = false
    dials.length = 0
    await expect(link.get(within(1))).rejects.toMatchObject({ code: 'ERR_CONNECT', outcome: 'not-sent' })
    const next = expect(link.get(within(1_000))).rejects.toMatchObject({ message: refused.message })
    await clock.advance(49)
    expect(dials).toHaveLength(1)
    await clock.advance(1)
    await next
    expect(dials).toHaveLength(2)
    await link.close()
    expect(clock.armed).toBe(0)
  })

  /** Loses its connection, and fails to make another for ten minutes. */
  async function outage(target: Target, failure?: Error) {
    const link = setUp({ reconnect: 'eager' }, target, failure)
    await link.open(undefined)
    isUp = false
    dials[0]?.hooks.onDisconnected(lost)
    await clock.advance(600_000)
    return { link, pauses: gaps().slice(1) }
  }

  const upTo = (most: number, count: number) => Array.from({ length: count }, (_, at) => Math.min(100 * 2 ** at, most))

  test('of a UNIX socket are never far apart: its return is seen within a second', async () => {
    const { link, pauses } = await outage('/run/vm.sock')
    expect(pauses).toEqual(upTo(800, pauses.length))
    isUp = true
    await clock.advance(800)
    expect(link.current).toBeDefined()
    await link.close()
    expect(clock.armed).toBe(0)
  })

  test('of a UNIX socket that accepts, and whose monitor does not greet, are further apart', async () => {
    const busy = new ConnectionError('ERR_MONITOR_BUSY', 'another client holds it')
    const { link, pauses } = await outage('/run/vm.sock', busy)
    expect(pauses).toEqual(upTo(5_000, pauses.length))
    await link.close()
  })

  test('of a function that fails at once are never far apart, whether it throws or rejects', async () => {
    for (const fail of [
      () => {
        throw refused
      },
      () => Promise.reject(refused),
    ]) {
      dials.length = 0
      isUp = true
      const { link, pauses } = await outage(() => (isUp ? new PassThrough() : fail()))
      expect(pauses).toEqual(upTo(800, pauses.length))
      await link.close()
    }
  })

  test('of a function that has to wait, or whose connection fails, are further apart', async () => {
    const later = () =>
      new Promise<PassThrough>((resolve, reject) => {
        setImmediate(() => {
          if (isUp) resolve(new PassThrough())
          else reject(refused)
        })
      })
    for (const dialer of [later, () => new PassThrough()]) {
      dials.length = 0
      isUp = true
      const { link, pauses } = await outage(dialer)
      expect(pauses).toEqual(upTo(5_000, pauses.length))
      await link.close()
    }
  })

  test('are one dial for all that ask at once, and jitter never makes a pause longer', async () => {
    const link = setUp({ random: () => 0 })
    isUp = false
    const calls = Promise.allSettled(Array.from({ length: 200 }, () => link.get(within(60_000))))
    expect(new Set((await calls).map(({ status }) => status))).toEqual(new Set(['rejected']))
    expect(dials).toHaveLength(1)
    const next = expect(link.get(within(60_000))).rejects.toThrow()
    await clock.advance(25)
    await next
    expect(dials.map(({ atMs }) => atMs)).toEqual([0, 25])
    await link.close()
  })

  test('a call that ends during the pause has the last failure as its cause', async () => {
    const link = setUp()
    isUp = false
    await expect(link.get(within(10))).rejects.toThrow()
    const waiting = expect(link.get(within(10))).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      outcome: 'not-sent',
      cause: refused,
      message: 'the monitor was not connected within 10 ms',
    })
    await clock.advance(10)
    await waiting
    expect(dials).toHaveLength(1)
    await link.close()
    expect(clock.armed).toBe(0)
  })

  test('the error that all share is never rewritten', async () => {
    const link = setUp()
    isUp = false
    await expect(link.get(within(10))).rejects.toMatchObject({ outcome: 'not-sent' })
    expect(refused.outcome).toBeUndefined()
    await link.close()
  })
})

describe('after a loss', () => {
  test('on demand: nothing until somebody asks', async () => {
    const link = setUp()
    await link.open(undefined)
    dials[0]?.hooks.onDisconnected(lost)
    expect(link.current).toBeUndefined()
    await clock.advance(60_000)
    expect(dials).toHaveLength(1)
    await link.get(within(1))
    expect(log).toEqual(['connected', `lost: ${lost.message}`, 'connected'])
  })

  test('eager: dialled in the background until it is there', async () => {
    const link = setUp({ reconnect: 'eager' })
    await link.open(undefined)
    isUp = false
    dials[0]?.hooks.onDisconnected(lost)
    await clock.advance(1_000)
    expect(dials.length).toBeGreaterThan(3)
    isUp = true
    await clock.advance(5_000)
    expect(link.current).toBeDefined()
    expect(clock.armed).toBe(0)
    expect(log).toEqual(['connected', `lost: ${lost.message}`, 'connected'])
  })

  test('false: every call rejects with the first cause, and nothing is dialled', async () => {
    const link = setUp({ reconnect: false })
    await link.open(undefined)
    dials[0]?.hooks.onDisconnected(lost)
    const gone = { code: 'ERR_CONNECTION_LOST', outcome: 'not-sent', cause: lost }
    await expect(link.get(within(10))).rejects.toMatchObject(gone)
    await expect(link.get(within(10))).rejects.toMatchObject(gone)
    expect(dials).toHaveLength(1)
  })
})

describe('close()', () => {
  test('ends a pause and all that wait in it; nothing is dialled after it', async () => {
    const link = setUp({ reconnect: 'eager' })
    await link.open(undefined)
    isUp = false
    dials[0]?.hooks.onDisconnected(lost)
    await clock.advance(10)
    const waiting = expect(link.get(within(10_000))).rejects.toMatchObject({ code: 'ERR_CLOSED', outcome: 'not-sent' })
    await link.close()
    await waiting
    expect(clock.armed).toBe(0)
    const before = dials.length
    await expect(link.get(within(10))).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    await clock.advance(60_000)
    expect(dials).toHaveLength(before)
  })

  test('closes a connection that comes up all the same', async () => {
    let arrive = (): void => undefined
    const closed: string[] = []
    const link = new Reconnecting('x', '/run/vm.sock', async () => {
      await new Promise<void>((resolve) => {
        arrive = resolve
      })
      return {
        close: () => {
          closed.push('closed')
          return Promise.resolve()
        },
      }
    })
    const opening = expect(link.open(undefined)).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    const closing = link.close()
    await clock.advance(0)
    arrive()
    await Promise.all([opening, closing])
    expect(closed).toEqual(['closed'])
  })
})

describe('a connection that does not work', () => {
  /** A peer that accepts, and hangs up when the test says so. */
  function flaky(options: ReconnectingOptions = {}) {
    const made: { answeredMessages: number; hangUp: () => void }[] = []
    /** How long after each hang-up it was dialled again. */
    const pauses: number[] = []
    let hungUpAtMs: number | undefined
    const link = new Reconnecting(
      'the monitor',
      '/run/vm.sock',
      (_, hooks) => {
        if (hungUpAtMs !== undefined) pauses.push(clock.now() - hungUpAtMs)
        hooks.onConnected()
        const connection = {
          answeredMessages: 0,
          hangUp: () => {
            hungUpAtMs = clock.now()
            hooks.onDisconnected(lost)
          },
          close: () => Promise.resolve(),
        }
        made.push(connection)
        return Promise.resolve(connection)
      },
      { clock, random: () => 1, ...options },
    )
    return { link, made, pauses }
  }

  test('is made again with pauses that grow, until one answers and lives for a while', async () => {
    const { link, made, pauses } = flaky()
    for (let round = 0; round < 5; round++) {
      const got = link.get(within(60_000))
      await clock.advance(1_000)
      await got
      made.at(-1)?.hangUp()
    }
    const last = link.get(within(60_000))
    await clock.advance(1_000)
    await last
    expect(pauses).toEqual([50, 100, 200, 400, 800])
    const working = made.at(-1)
    if (working === undefined) throw new Error('none was made')
    working.answeredMessages = 1
    await clock.advance(1_001)
    working.hangUp()
    await link.get(within(1))
    expect(pauses.at(-1)).toBe(0)
    made.at(-1)?.hangUp()
    const again = link.get(within(60_000))
    await clock.advance(1_000)
    await again
    expect(pauses.at(-1)).toBe(50)
    await link.close()
    expect(clock.armed).toBe(0)
  })

  test('is one that answers a little and hangs up each time', async () => {
    const { link, made, pauses } = flaky({ reconnect: 'eager' })
    await link.open(undefined)
    const expected = [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]
    for (const pauseMs of expected) {
      const answering = made.at(-1)
      if (answering === undefined) throw new Error('none was made')
      answering.answeredMessages = 20
      await clock.advance(900)
      answering.hangUp()
      await clock.advance(pauseMs)
    }
    expect(pauses).toEqual(expected)
    await link.close()
  })

  test('counts as one that does when it lasted', async () => {
    const { link, made } = flaky()
    await link.get(within(1))
    await clock.advance(5_000)
    made[0]?.hangUp()
    const paused = link.get(within(1_000))
    await clock.advance(49)
    expect(made).toHaveLength(1)
    await clock.advance(1)
    await paused
    await clock.advance(5_001)
    made[1]?.hangUp()
    await link.get(within(1))
    expect(made).toHaveLength(3)
    await link.close()
  })

  test('is made again in the background with the same pauses', async () => {
    const { link, made, pauses } = flaky({ reconnect: 'eager' })
    await link.open(undefined)
    for (let round = 0; round < 4; round++) {
      made.at(-1)?.hangUp()
      await clock.advance(1_000)
    }
    expect(pauses).toEqual([50, 100, 200, 400])
    await link.close()
    expect(clock.armed).toBe(0)
  })

  test('that ends with the bytes that made it ready is not dialled without a pause', async () => {
    let dialled = 0
    const link = new Reconnecting(
      'the monitor',
      '/run/vm.sock',
      (_, hooks) => {
        dialled++
        hooks.onConnected()
        hooks.onDisconnected(lost)
        return Promise.resolve({ close: () => Promise.resolve() })
      },
      { clock, random: () => 1, reconnect: 'eager' },
    )
    await link.open(undefined)
    await clock.advance(49)
    expect(dialled).toBe(1)
    await clock.advance(1)
    expect(dialled).toBe(2)
    await clock.advance(18_000)
    expect(dialled).toBeLessThan(12)
    await link.close()
    await clock.advance(60_000)
    expect(dialled).toBeLessThan(12)
    expect(clock.armed).toBe(0)
  })
})
