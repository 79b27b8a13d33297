import { beforeEach, describe, expect, test, vi } from 'vitest'
import { InputError } from '../../../src/errors/input-error.ts'
import { ConnectionError } from '../../../src/errors/peer-errors.ts'
import { memoryPair } from '../../../src/testing/index.ts'
import { Deadline } from '../../../src/wire/deadline.ts'
import { Reconnecting, type DialHooks, type ReconnectingOptions } from '../../../src/wire/reconnecting-client.ts'
import type { Target } from '../../../src/wire/target.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'

/** A dial under way, for the test to end. */
interface Dial {
  readonly hooks: DialHooks
  readonly target: Target
  readonly succeed: () => void
  readonly fail: (error: unknown) => void
}

let clock: ManualClock
let dials: Dial[]
let closed: number

beforeEach(() => {
  clock = new ManualClock()
  dials = []
  closed = 0
})

const lost = new ConnectionError('ERR_CONNECTION_LOST', 'the peer closed the connection')
const refused = new ConnectionError('ERR_CONNECT', 'nothing listens there')

function setUp(options: ReconnectingOptions = {}, target: Target = '/run/vm.sock') {
  const connection = () => ({
    close: () => {
      closed++
      return Promise.resolve()
    },
  })
  const dial = (to: Target, hooks: DialHooks) =>
    new Promise<ReturnType<typeof connection>>((resolve, reject) => {
      const succeed = () => {
        hooks.onConnected()
        resolve(connection())
      }
      dials.push({ hooks, target: to, succeed, fail: reject })
    })
  return new Reconnecting('the monitor', target, dial, { clock, random: () => 1, ...options })
}

const within = (timeoutMs: number, signal?: AbortSignal) => new Deadline({ timeoutMs, signal }, 1, clock)

/** The dial that was begun last. */
function lastDial(): Dial {
  const dial = dials.at(-1)
  if (dial === undefined) throw new Error('nothing was dialled')
  return dial
}

describe('one connection', () => {
  test('serves all that ask while it is there, and is dialled once', async () => {
    const link = setUp({}, 'unix:/run/vm.sock,server=on')
    expect(link.current).toBeUndefined()
    const opening = link.open(undefined)
    const both = [link.get(within(10)), link.get(within(10))]
    await settled()
    lastDial().succeed()
    await opening
    const [one, other] = await Promise.all(both)
    expect(one).toBe(other)
    expect(link.current).toBe(one)
    await link.open(undefined)
    expect(await link.get(within(10))).toBe(one)
    expect(dials.map(({ target }) => target)).toEqual(['/run/vm.sock'])
    expect(clock.armed).toBe(0)
  })

  test('serves nobody whose signal is aborted already', async () => {
    const link = setUp()
    await expect(link.get(within(10, AbortSignal.abort('mine')))).rejects.toBe('mine')
    expect(dials).toEqual([])
  })

  test('a wait for it ends with its signal; what others wait for goes on', async () => {
    const link = setUp()
    const controller = new AbortController()
    const opening = expect(link.open(controller.signal)).rejects.toBe('mine')
    const patient = link.get(within(10))
    await settled()
    controller.abort('mine')
    await opening
    expect(lastDial().hooks.signal.aborted).toBe(false)
    lastDial().succeed()
    expect(await patient).toBe(link.current)
    await link.open(new AbortController().signal)
    expect(dials).toHaveLength(1)
  })

  test('open() with a signal resolves when it is there, and rejects as the dial does', async () => {
    const { signal } = new AbortController()
    const link = setUp()
    const failing = expect(link.open(signal)).rejects.toBe(refused)
    await settled()
    lastDial().fail(refused)
    await failing
    const opening = link.open(signal)
    await clock.advance(50)
    lastDial().succeed()
    await opening
    expect(link.current).toBeDefined()
    await expect(setUp().open(AbortSignal.abort('mine'))).rejects.toBe('mine')
  })

  test('whose end came with the bytes that made it ready is handed over and not kept', async () => {
    const onDisconnected = vi.fn()
    const link = setUp({ onDisconnected })
    const getting = link.get(within(10))
    await settled()
    lastDial().hooks.onConnected()
    lastDial().hooks.onDisconnected(lost)
    lastDial().succeed()
    expect(await getting).toBeDefined()
    expect(link.current).toBeUndefined()
    expect(onDisconnected.mock.calls).toEqual([[lost]])
  })

  test('that never came up was not lost either', async () => {
    const onDisconnected = vi.fn()
    const link = setUp({ onDisconnected })
    const opening = expect(link.open(undefined)).rejects.toBe(refused)
    await settled()
    lastDial().hooks.onDisconnected(lost)
    lastDial().fail(refused)
    await opening
    expect(onDisconnected).not.toHaveBeenCalled()
  })

  test('the end of an earlier one does not end this one', async () => {
    const link = setUp()
    for (let times = 0; times < 2; times++) {
      const getting = link.get(within(10))
      await settled()
      lastDial().succeed()
      await getting
      await clock.advance(1_001)
      if (times === 0) lastDial().hooks.onDisconnected(lost)
    }
    const now = link.current
    dials[0]?.hooks.onDisconnected(lost)
    expect(link.current).toBe(now)
    expect(now).toBeDefined()
  })
})

describe('errors', () => {
  test('what is no endpoint is refused when it is given', () => {
    expect(() => setUp({}, 7 as never)).toThrow(expect.objectContaining({ code: 'ERR_ADDRESS' }) as Error)
  })

  test('an error that is none of this package’s is passed on as it is', async () => {
    const link = setUp()
    const own = new Error('own')
    const getting = expect(link.get(within(10))).rejects.toBe(own)
    await settled()
    lastDial().fail(own)
    await getting
  })

  test('a wait that is too long says what it waited for', async () => {
    const link = setUp()
    const getting = expect(link.get(within(10))).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      message: 'the monitor was not connected within 10 ms',
      cause: undefined,
    })
    await clock.advance(10)
    await getting
  })

  test('the loss is the cause of a later wait that is too long', async () => {
    const link = setUp()
    const first = link.get(within(10))
    await settled()
    lastDial().succeed()
    await first
    lastDial().hooks.onDisconnected(lost)
    const getting = expect(link.get(within(10))).rejects.toMatchObject({ code: 'ERR_CONNECT', cause: lost })
    await clock.advance(10)
    await getting
  })
})

describe('a stream that was given', () => {
  test('is used once: after its end no call is sent', async () => {
    const link = setUp({ reconnect: 'eager' }, memoryPair()[0])
    const getting = link.get(within(10))
    await settled()
    lastDial().succeed()
    await getting
    lastDial().hooks.onDisconnected(lost)
    await expect(link.get(within(10))).rejects.toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      outcome: 'not-sent',
      cause: lost,
      message: 'the Duplex given has ended; only an address or a function can be connected again',
    })
    await clock.advance(60_000)
    expect(dials).toHaveLength(1)
  })

  test.each([
    ['an error', new Error('no greeting'), 'no greeting'],
    ['anything else', 'gone', 'gone'],
  ])('is used once, also where it failed with %s', async (_what, reason, message) => {
    const link = setUp({}, memoryPair()[0])
    const opening = expect(link.open(undefined)).rejects.toBe(reason)
    await settled()
    lastDial().fail(reason)
    await opening
    const error: unknown = await link.get(within(10)).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', cause: { message } })
    expect(dials).toHaveLength(1)
  })
})

test('reconnect: false says what was lost, and why', async () => {
  const link = setUp({ reconnect: false })
  const first = link.get(within(10))
  await settled()
  lastDial().succeed()
  await first
  lastDial().hooks.onDisconnected(lost)
  await expect(link.get(within(10))).rejects.toMatchObject({
    message: 'the monitor was lost and is not connected again: the peer closed the connection',
  })
})

test('reconnect: false dials again what never came up', async () => {
  const link = setUp({ reconnect: false })
  const opening = expect(link.open(undefined)).rejects.toBe(refused)
  await settled()
  lastDial().fail(refused)
  await opening
  const again = link.get(within(1_000))
  await clock.advance(50)
  lastDial().succeed()
  expect(await again).toBe(link.current)
})

test('eager: a failure that no further dial could cure ends the dialling', async () => {
  const link = setUp({ reconnect: 'eager' })
  const first = link.get(within(10))
  await settled()
  lastDial().succeed()
  await first
  lastDial().hooks.onDisconnected(lost)
  await settled()
  lastDial().fail(new InputError('ERR_ADDRESS', 'no address'))
  await clock.advance(600_000)
  expect(dials).toHaveLength(2)
})

describe('close()', () => {
  test('closes the connection once, and says why to what dials later', async () => {
    const link = setUp()
    const first = link.get(within(10))
    await settled()
    lastDial().succeed()
    await first
    await Promise.all([link.close(), link.close()])
    expect(closed).toBe(1)
    expect(link.current).toBeUndefined()
    const byUs = { code: 'ERR_CLOSED', outcome: 'not-sent', message: 'the monitor was closed by this side' }
    await expect(link.open(undefined)).rejects.toMatchObject(byUs)
  })

  test('what fails because of it is neither remembered nor dialled again', async () => {
    const link = setUp({ reconnect: 'eager' })
    const opening = expect(link.open(undefined)).rejects.toBe(refused)
    await settled()
    const closing = link.close()
    expect(lastDial().hooks.signal.reason).toMatchObject({ code: 'ERR_CLOSED', outcome: 'not-sent' })
    lastDial().fail(refused)
    await Promise.all([opening, closing])
    const again = setUp({ reconnect: 'eager' })
    const first = again.get(within(10))
    await settled()
    lastDial().succeed()
    await first
    const { hooks } = lastDial()
    await again.close()
    hooks.onDisconnected(lost)
    await clock.advance(60_000)
    expect(dials).toHaveLength(2)
  })
})
