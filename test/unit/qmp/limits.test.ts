import { describe, expect, test, vi } from 'vitest'
import { DEFAULT_MAX_MESSAGE_BYTES, QmpClient, type QmpConnectOptions } from '../../../src/qmp/index.ts'
import { reachMonitor } from '../../../src/qmp/reconnecting-client.ts'
import { COUNTED_FROM_BYTES } from '../../../src/wire/limits.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'
import { GREETING, ready, ScriptedPeer, settle } from './kit.ts'

/** As deep as a greeting is. */
const TOO_DEEP = { limits: { depth: 4 } }

describe('a message above a cap', () => {
  test('fails the call whose id stands at its end, and no other', async () => {
    const { peer, client } = await ready(TOO_DEEP)
    const onReply = vi.fn()
    const calls = ['x-a', 'x-b'].map((name) => client.execute(name, undefined, { onReply }))
    const ends = Promise.allSettled(calls)
    const [a, b] = [await peer.command(), await peer.command()]
    peer.say(`{"return": [[[[]]]], "id": ${b.id}}\n`)
    await settle()
    expect(onReply).not.toHaveBeenCalled()
    peer.say(`{"return": 1, "id": ${a.id}}\n`)
    const refused: unknown = expect.objectContaining({
      name: 'ProtocolError',
      code: 'ERR_MESSAGE_TOO_COMPLEX',
      outcome: 'unknown',
      message: 'x-b: a message has more than 4 objects and arrays within one another',
    })
    expect(await ends).toMatchObject([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: refused },
    ])
    expect(client.state).toBe('ready')
    expect(client.droppedMessages).toBe(0)
    await client.close()
  })

  test('without an id at its end fails the oldest', async () => {
    const { peer, client } = await ready(TOO_DEEP)
    const ends = Promise.allSettled([client.execute('x-a'), client.execute('x-b')])
    const [a, b] = [await peer.command(), await peer.command()]
    peer.say(`{"id": ${a.id}, "return": [[[[]]]]}\n{"return": 2, "id": ${b.id}}\n`)
    const refused: unknown = expect.objectContaining({ code: 'ERR_MESSAGE_TOO_COMPLEX' })
    expect(await ends).toMatchObject([{ reason: refused }, { value: 2 }])
    await client.close()
  })

  test('that is an event, or answers nothing, is dropped', async () => {
    const { peer, client } = await ready(TOO_DEEP)
    const call = client.execute('x-a')
    const { id } = await peer.command()
    peer.say('{"event": "X", "data": {"a": [[[]]]}}\n{"return": [[[[]]]], "id": 999}\n')
    peer.say(`{"return": 1, "id": ${id}}\n`)
    expect(await call).toBe(1)
    expect(client.droppedMessages).toBe(2)
    peer.say('{"return": [[[[]]]]}\n')
    await settle()
    expect(client.droppedMessages).toBe(3)
    expect(client.state).toBe('ready')
    await client.close()
  })

  test('large honest replies are not counted at all', async () => {
    const { peer, client } = await ready()
    const call = client.execute('x-a')
    const { id } = await peer.command()
    const deep = 2_000
    const reply = (bytes: number, to: number | null) =>
      `{"return": ${'['.repeat(deep)}"${'x'.repeat(bytes - 2 * deep - 40)}"${']'.repeat(deep)}, "id": ${to}}\n`
    peer.say(reply(COUNTED_FROM_BYTES.qmp - 1_000, id))
    expect(await call).toHaveLength(1)
    const next = expect(client.execute('x-b')).rejects.toMatchObject({ code: 'ERR_MESSAGE_TOO_COMPLEX' })
    peer.say(reply(COUNTED_FROM_BYTES.qmp + 1_000, (await peer.command()).id))
    await next
    await client.close()
  })

  test('is not a greeting, nor an event before one', async () => {
    for (const greeting of [GREETING, '{"event": "X", "data": {"a": []}}\n']) {
      const peer = new ScriptedPeer()
      peer.say(greeting)
      const clock = new ManualClock()
      await expect(QmpClient.connect(peer.near, { clock, limits: { depth: 1 } })).rejects.toMatchObject({
        name: 'ConnectionError',
        code: 'ERR_NOT_QMP',
      })
      expect(clock.armed).toBe(0)
    }
  })
})

describe('limits of the connection', () => {
  test.each([
    [{ limits: { events: 0 } }, 'limits.events is 0, expected an integer from 1 to'],
    [{ limits: { eventBytes: Infinity } }, 'limits.eventBytes is Infinity, expected'],
    [{ maxMessageBytes: 0 }, 'maxMessageBytes is 0, expected an integer from 1 to'],
  ])('%j is refused before anything is opened', async (options: QmpConnectOptions, words) => {
    const dial = vi.fn()
    await expect(QmpClient.connect(dial, options)).rejects.toMatchObject({
      name: 'InputError',
      code: 'ERR_LIMIT',
      message: expect.stringContaining(words) as unknown,
    })
    expect(dial).not.toHaveBeenCalled()
    expect(() => reachMonitor(dial, { connectTimeoutMs: 1, limits: { depth: 0.5 } })).toThrow('depth is 0.5')
  })

  test('a capacity that cannot be is refused', async () => {
    const { client } = await ready()
    for (const capacity of [NaN, 0, -1, 1.5, Infinity, 2_000_000]) {
      expect(() => client.events({ capacity })).toThrow(
        expect.objectContaining({
          code: 'ERR_LIMIT',
          message: expect.stringMatching(/^capacity is /) as unknown,
        }) as Error,
      )
    }
    await client.close()
  })

  test('the defaults are those of the table', () => {
    expect(DEFAULT_MAX_MESSAGE_BYTES).toBe(32 * 1_048_576)
  })

  test.each([
    ['by their number', { events: 3 }, 'more than 3 events'],
    ['by their bytes', { eventBytes: 4 * 14 - 1 }, 'more than 55 bytes'],
  ])('unread events are bounded %s, for one reader alone', async (_, limits, words) => {
    const { peer, client } = await ready({ limits })
    const unread = client.events()
    const roomy = client.events({ capacity: 10 })
    const heard: string[] = []
    const reading = (async () => {
      for await (const { event } of client.events()) heard.push(event)
    })()
    for (let at = 0; at < 4; at++) {
      peer.say(`{"event":"X${at}"}\n`)
      await settle()
    }
    for (let at = 0; at < 3; at++) expect(await unread.next()).toMatchObject({ value: { event: `X${at}` } })
    await expect(unread.next()).rejects.toMatchObject({
      code: 'ERR_EVENT_OVERFLOW',
      message: expect.stringContaining(words) as unknown,
    })
    expect(heard).toEqual(['X0', 'X1', 'X2', 'X3'])
    expect(client.state).toBe('ready')
    await roomy.return()
    await client.close()
    await reading
  })

  test('pending and unsentBytes reject the new call', async () => {
    const { peer, client } = await ready({ limits: { pending: 2, unsentBytes: 10_000 } })
    peer.stopReading()
    const calls = [client.execute('x-a'), client.execute('x-b', { text: 'x'.repeat(200_000) })]
    const ends = Promise.allSettled(calls)
    await settle()
    await expect(client.execute('x-c')).rejects.toMatchObject({ code: 'ERR_TOO_MUCH_UNSENT', outcome: 'not-sent' })
    await client.close()
    expect(await ends).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }])
    const other = await ready({ limits: { pending: 2 } })
    const waiting = Promise.allSettled([other.client.execute('x-a'), other.client.execute('x-b')])
    await expect(other.client.execute('x-c')).rejects.toMatchObject({
      code: 'ERR_TOO_MANY_PENDING',
      outcome: 'not-sent',
    })
    await other.client.close()
    await waiting
  })

  test('junkBytes in a row; answers and events between start the count again', async () => {
    const { peer, client } = await ready({ limits: { junkBytes: 100 } })
    const junk = '{"return": {}, "id": 77777}\n'
    const bytes = junk.length
    for (let round = 0; round < 4; round++) {
      peer.say(junk.repeat(Math.floor(100 / bytes)))
      peer.say('{"event": "X"}\n')
    }
    await settle()
    const call = client.execute('x-a')
    const { id } = await peer.command()
    peer.say(junk.repeat(3))
    peer.say(`{"return": 1, "id": ${id}}\n${junk.repeat(3)}`)
    expect(await call).toBe(1)
    await settle()
    expect(client.state).toBe('ready')
    expect(client.answeredMessages).toBe(1)
    peer.say(junk)
    expect(await client.closed).toMatchObject({
      name: 'ProtocolError',
      code: 'ERR_TOO_MUCH_JUNK',
      message: `the monitor sent ${4 * bytes} bytes that answer nothing`,
    })
  })

  test('greetingMs, commandMs, dialMs and lineMs go by the clock', async () => {
    const clock = new ManualClock()
    const limits = { greetingMs: 300, commandMs: 700, dialMs: 200, lineMs: 500 }
    const mute = new ScriptedPeer()
    const connecting = expect(QmpClient.connect(mute.near, { clock, limits })).rejects.toMatchObject({
      code: 'ERR_MONITOR_BUSY',
      message: expect.stringContaining('within 300 ms') as unknown,
    })
    await clock.advance(300)
    await connecting
    const slow = expect(QmpClient.connect(() => new Promise(() => undefined), { clock, limits })).rejects.toMatchObject(
      {
        code: 'ERR_CONNECT',
      },
    )
    await clock.advance(200)
    await slow
    const { peer, client } = await ready({ clock, limits })
    const call = expect(client.execute('x-a')).rejects.toMatchObject({ message: 'x-a: no answer within 700 ms' })
    await clock.advance(700)
    await call
    // Of several lines, as -qmp-pretty has it.
    peer.say('{\n')
    await clock.advance(400)
    peer.say('    "event": "X"\n')
    await clock.advance(99)
    expect(client.state).toBe('ready')
    await clock.advance(1)
    expect(await client.closed).toMatchObject({ code: 'ERR_MESSAGE_TOO_SLOW' })
    expect(clock.armed).toBe(0)
  })

  test('a client over several connections has them in each, and in its own events', async () => {
    const clock = new ManualClock()
    const peer = new ScriptedPeer()
    const limits = { events: 1, eventBytes: 1_000, commandMs: 900, depth: 4 }
    const heard: unknown[] = []
    const link = reachMonitor(() => peer.near, {
      connectTimeoutMs: 1_000,
      clock,
      limits,
      onEvent: ({ event }) => heard.push(event),
    })
    const unread = link.executor.events?.()[Symbol.asyncIterator]()
    const call = expect(link.executor.execute('x-a')).rejects.toMatchObject({ code: 'ERR_MESSAGE_TOO_COMPLEX' })
    peer.say(GREETING)
    const { id } = await peer.command()
    peer.say(`{"return": {}, "id": ${id}}\n{"event": "X"}\n{"event": "Y"}\n`)
    const asked = await peer.command()
    peer.say(`{"return": [[[[1]]]], "id": ${asked.id}}\n`)
    await call
    await settled()
    expect(heard).toEqual(['X', 'Y'])
    expect(await unread?.next()).toMatchObject({ value: { event: 'X' } })
    await expect(unread?.next()).rejects.toMatchObject({ code: 'ERR_EVENT_OVERFLOW' })
    await link.close()
    expect(clock.armed).toBe(0)
  })
})
