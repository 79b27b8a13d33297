// One monitor for several clients of one process.
import type { Duplex } from 'node:stream'
// Virtual time does not wait for files: what is loaded when it is needed is loaded before.
import '../../../src/qmp/multiplexer-hub.ts'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Domain } from '../../../src/index.ts'
import { QmpClient, QmpMultiplexer, type QmpMultiplexerOptions } from '../../../src/qmp/index.ts'
import { memoryPair, SimulatedQemu } from '../../../src/testing/index.ts'
import { QMP_FORWARDED_TIMEOUT_MS } from '../../../src/wire/defaults.ts'
import type { WireTraceEntry } from '../../../src/wire/trace.ts'
import { testClock, until } from '../../support/passing-clock.ts'

function setUp(options: QmpMultiplexerOptions = {}) {
  const clock = testClock()
  const qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8 }, { clock })
  qemu.onCommand('x-echo', (args) => args)
  const dials: Duplex[] = []
  const dial = (): Duplex => {
    const stream = qemu.connect()
    dials.push(stream)
    return stream
  }
  const monitor = new QmpMultiplexer(dial, { clock, ...options })
  onTestFinished(async () => {
    await monitor.close()
    await qemu[Symbol.asyncDispose]()
  })
  return { clock, qemu, dials, dial, monitor }
}

/** A client of a few lines, which sees the order of what comes. */
async function raw(monitor: QmpMultiplexer) {
  const stream = await monitor.endpoint()
  let text = ''
  let isOver = false
  stream.on('data', (bytes: Buffer) => {
    text += bytes.toString()
  })
  // Hung up on while it writes.
  stream.on('error', () => undefined)
  stream.on('close', () => {
    isOver = true
  })
  const lines = (): readonly Record<string, unknown>[] =>
    text
      .split('\r\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  const say = (message: unknown): void => {
    stream.write(`${JSON.stringify(message)}\n`)
  }
  return { stream, lines, say, isOver: () => isOver }
}

async function negotiated(monitor: QmpMultiplexer) {
  const client = await raw(monitor)
  client.say({ execute: 'qmp_capabilities' })
  await until(() => client.lines().length === 2)
  return client
}

test('two domains and a client work through one connection; one that closes ends nothing of another', async () => {
  const { clock, qemu, dials, monitor } = setUp()
  const one = await Domain.connect({ qmp: monitor.endpoint, clock })
  const other = await Domain.connect({ qmp: monitor.endpoint, clock })
  const client = await QmpClient.connect(monitor.endpoint, { clock })
  expect(monitor.clients).toBe(3)
  const events = client.events()
  expect((await one.setVcpuState(5, true)).changed.size).toBe(1)
  expect(String(await other.getVcpuMap())).toBe('0-1,5')
  await one.close()
  await until(() => monitor.clients === 2)
  await other.setVcpuState(5, false)
  expect((await events.next()).value).toMatchObject({ event: 'ACPI_DEVICE_OST' })
  expect(await client.execute('query-status')).toMatchObject({ status: 'running' })
  expect(qemu.pluggedVcpus).toEqual([0, 1])
  expect(dials).toHaveLength(1)
  await Promise.all([other.close(), client.close()])
  await until(() => monitor.clients === 0)
  // QEMU's own connection is there for the next.
  expect(dials[0]?.destroyed).toBe(false)
  await monitor.close()
  expect(dials[0]?.destroyed).toBe(true)
  await expect(monitor.endpoint()).rejects.toMatchObject({ code: 'ERR_CLOSED' })
})

test('each of any clients has exactly its own answers, in its own order', async () => {
  const { clock, monitor } = setUp()
  const command = fc.record({
    client: fc.nat({ max: 4 }),
    kind: fc.constantFrom('echo', 'wrong', 'silly'),
    tick: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 60 }), async (commands) => {
      const clients = await Promise.all(Array.from({ length: 5 }, () => negotiated(monitor)))
      const expected: unknown[][] = clients.map(() => [])
      for (const [at, { client, kind, tick }] of commands.entries()) {
        const id = [client, at]
        switch (kind) {
          case 'echo':
            clients[client]?.say({ execute: 'x-echo', arguments: { at }, id })
            expected[client]?.push({ return: { at }, id })
            break
          case 'wrong':
            clients[client]?.say({ execute: 'no-such-command', id })
            expected[client]?.push({ error: expect.objectContaining({ class: 'CommandNotFound' }) as unknown, id })
            break
          case 'silly':
            clients[client]?.say({ execute: 'getfd', id })
            expected[client]?.push({ error: expect.objectContaining({ class: 'GenericError' }) as unknown, id })
        }
        if (tick) await clock.sleep(1)
      }
      const answers = (): unknown[][] => clients.map((each) => each.lines().slice(2))
      await until(() => answers().flat().length >= commands.length)
      expect(answers()).toEqual(expected)
      for (const { stream } of clients) stream.destroy()
      await until(() => monitor.clients === 0)
    }),
    { numRuns: 30 },
  )
})

test('one with a thousand commands waiting holds up another by the few that are at QEMU', async () => {
  const { qemu, monitor } = setUp()
  const [busy, calm] = [await negotiated(monitor), await negotiated(monitor)]
  for (let at = 0; at < 1_000; at++) busy.say({ execute: 'x-echo', arguments: { at }, id: at })
  calm.say({ execute: 'x-echo', arguments: { calm: true }, id: 'calm' })
  await until(() => busy.lines().length === 1_002 && calm.lines().length === 3)
  const place = qemu.commands
    .filter(({ command }) => command === 'x-echo')
    .findIndex((sent) => 'calm' in sent.arguments)
  expect(place).toBeLessThan(20)
  expect(
    busy
      .lines()
      .slice(2)
      .map(({ id }) => id),
  ).toEqual(Array.from({ length: 1_000 }, (_, at) => at))
})

describe('an event', () => {
  test('reaches every client that has negotiated, in its place between two answers', async () => {
    const { qemu, monitor } = setUp()
    qemu.onCommand('x-event', () => {
      qemu.emit('BEFORE', {})
      return {}
    })
    const [one, other, silent] = [await negotiated(monitor), await negotiated(monitor), await raw(monitor)]
    one.say({ execute: 'x-echo', arguments: { at: 1 }, id: 1 })
    one.say({ execute: 'x-event', id: 2 })
    one.say({ execute: 'x-echo', arguments: { at: 3 }, id: 3 })
    await until(() => one.lines().length === 6)
    expect(
      one
        .lines()
        .slice(2)
        .map(({ id, event }) => id ?? event),
    ).toEqual([1, 'BEFORE', 2, 3])
    expect(
      other
        .lines()
        .slice(2)
        .map(({ event }) => event),
    ).toEqual(['BEFORE'])
    expect(silent.lines()).toHaveLength(1)
  })
})

describe('what is refused', () => {
  test.each([
    [{ execute: 'query-status' }, /Expecting capabilities negotiation/],
    [{ 'exec-oob': 'query-status' }, /no out-of-band execution/],
    [{ arguments: {} }, /lacks member 'execute'/],
    [{ execute: 'qmp_capabilities', arguments: { enable: ['oob'] } }, /offers none/],
  ])('before the negotiation: %j', async (message, desc) => {
    const { monitor } = setUp()
    const client = await raw(monitor)
    await until(() => client.lines().length === 1)
    expect(client.lines()[0]).toMatchObject({ QMP: { version: { qemu: {} }, capabilities: [] } })
    client.say(message)
    await until(() => client.lines().length === 2)
    expect(client.lines()[1]).toMatchObject({
      error: {
        class: 'execute' in message && message.execute === 'query-status' ? 'CommandNotFound' : 'GenericError',
        desc: expect.stringMatching(desc) as unknown,
      },
    })
  })

  test('nothing is enabled by an empty list', async () => {
    const { monitor } = setUp()
    const client = await raw(monitor)
    client.say({ execute: 'qmp_capabilities', arguments: { enable: [] }, id: 1 })
    await until(() => client.lines().length === 2)
    expect(client.lines()[1]).toEqual({ return: {}, id: 1 })
  })

  test.each([
    [{ execute: 'x-echo', argument: {} }, "QMP input member 'argument' is unexpected"],
    [{ execute: 'x-echo', arguments: [] }, "QMP input member 'arguments' must be an object"],
    [{ execute: 'x-echo', arguments: null }, "QMP input member 'arguments' must be an object"],
    [{ execute: 7 }, "QMP input member 'execute' must be a string"],
    [{ execute: 'x-echo', 'exec-oob': 'x-echo' }, 'a multiplexed monitor has no out-of-band execution'],
    [{ id: 7 }, "QMP input lacks member 'execute'"],
    [
      { execute: 'qmp_capabilities' },
      'Capabilities negotiation is already complete, command ignored',
      'CommandNotFound',
    ],
  ])('what is no command, and is not forwarded: %j', async (message, desc, errorClass = 'GenericError') => {
    const { qemu, monitor } = setUp()
    const client = await negotiated(monitor)
    const before = qemu.commands.length
    client.say(message)
    await until(() => client.lines().length === 3)
    expect(client.lines()[2]).toEqual({ error: { class: errorClass, desc }, ...('id' in message ? { id: 7 } : {}) })
    expect(qemu.commands).toHaveLength(before)
  })

  test('what QEMU does not take, and is not sent to it, ends nothing', async () => {
    const { monitor } = setUp()
    const client = await negotiated(monitor)
    const deep = `${'['.repeat(1_001)}${']'.repeat(1_001)}`
    client.stream.write(`{"execute":"x-echo","arguments":{"deep":${deep}},"id":1}\n`)
    client.say({ execute: 'x-echo', arguments: { at: 2 }, id: 2 })
    await until(() => client.lines().length === 4)
    expect(client.lines().slice(2)).toEqual([
      { error: { class: 'GenericError', desc: expect.stringContaining('nest deeper than 1000') as unknown }, id: 1 },
      { return: { at: 2 }, id: 2 },
    ])
  })

  test.each(['getfd', 'add-fd'])('%s, since a file descriptor cannot pass', async (command) => {
    const { monitor, clock } = setUp()
    const client = await QmpClient.connect(monitor.endpoint, { clock })
    await expect(client.execute(command, { fdname: 'x' })).rejects.toMatchObject({
      name: 'CommandError',
      errorClass: 'GenericError',
      description: `${command}: a file descriptor cannot pass through a multiplexed monitor`,
    })
    await expect(client.execute('qmp_capabilities')).rejects.toMatchObject({ errorClass: 'CommandNotFound' })
    expect(client.oob).toBe(false)
  })

  test('a client with more commands waiting than it may have is hung up on, and no other', async () => {
    const { qemu, monitor, clock } = setUp({ clientLimits: { pending: 10 } })
    let release = (): void => undefined
    qemu.onCommand(
      'x-slow',
      () =>
        new Promise(
          (resolve) =>
            (release = () => {
              resolve({})
            }),
        ),
    )
    const [greedy, calm] = [await negotiated(monitor), await negotiated(monitor)]
    for (let at = 0; at < 12; at++) greedy.say({ execute: 'x-slow', id: at })
    await until(() => greedy.isOver())
    calm.say({ execute: 'x-echo', arguments: {}, id: 1 })
    await until(async () => {
      release()
      await clock.sleep(1)
      return calm.lines().length === 3
    })
  })

  test('a client may have as many commands waiting as that, and no more', async () => {
    const { qemu, monitor } = setUp({ clientLimits: { pending: 10 } })
    qemu.onCommand('x-never', () => new Promise(() => undefined))
    const client = await negotiated(monitor)
    for (let at = 0; at < 10; at++) client.say({ execute: 'x-never', id: at })
    await testClock().sleep(10)
    expect([client.isOver(), monitor.clients]).toEqual([false, 1])
    client.say({ execute: 'x-never', id: 10 })
    await until(() => client.isOver() && monitor.clients === 0)
  })

  test('blank lines are nothing', async () => {
    const { monitor } = setUp()
    const client = await negotiated(monitor)
    client.stream.write(' \t\r \r\n\n\r\n')
    client.say({ execute: 'x-echo', arguments: {}, id: 1 })
    await until(() => client.lines().length === 3)
    expect(client.lines()[2]).toEqual({ return: {}, id: 1 })
  })

  test('what is not JSON ends its client', async () => {
    const { monitor } = setUp()
    const client = await negotiated(monitor)
    client.stream.write('not json\n')
    await until(() => client.isOver() && monitor.clients === 0)
  })
})

describe('a client', () => {
  test('that leaves has nothing sent any longer, and what is at QEMU is carried out', async () => {
    const { qemu, monitor } = setUp()
    const held: (() => void)[] = []
    qemu.onCommand(
      'x-slow',
      () =>
        new Promise((resolve) => {
          held.push(() => {
            resolve({})
          })
        }),
    )
    const slow = () => qemu.commands.filter(({ command }) => command === 'x-slow').length
    const [leaver, calm] = [await negotiated(monitor), await negotiated(monitor)]
    for (let at = 0; at < 20; at++) leaver.say({ execute: 'x-slow', id: at })
    await until(() => held.length > 0)
    expect(slow()).toBeLessThanOrEqual(8)
    leaver.stream.destroy()
    await until(() => monitor.clients === 1)
    calm.say({ execute: 'x-echo', arguments: {}, id: 1 })
    await until(async () => {
      held.shift()?.()
      await testClock().sleep(1)
      return calm.lines().length === 3
    })
    expect(slow()).toBe(8)
  })

  test('that does not read is hung up on, and no other', async () => {
    const { monitor } = setUp({ clientLimits: { unsentBytes: 1_000 } })
    const calm = await negotiated(monitor)
    const deaf = await monitor.endpoint()
    deaf.on('error', () => undefined)
    deaf.write('{"execute":"qmp_capabilities"}\n')
    const words = 'x'.repeat(20_000)
    for (let at = 0; at < 20; at++) deaf.write(`${JSON.stringify({ execute: 'x-echo', arguments: { words } })}\n`)
    await until(() => monitor.clients === 1)
    calm.say({ execute: 'x-echo', arguments: {}, id: 1 })
    await until(() => calm.lines().length === 3)
  })

  test('whose command has no answer for long is hung up on, since its outcome is not known', async () => {
    const { qemu, monitor, clock } = setUp()
    qemu.onCommand('x-never', () => new Promise(() => undefined))
    const [asking, calm] = [await negotiated(monitor), await negotiated(monitor)]
    asking.say({ execute: 'x-never', id: 1 })
    await clock.sleep(QMP_FORWARDED_TIMEOUT_MS - 1_000)
    expect(asking.isOver()).toBe(false)
    await clock.sleep(2_000)
    await until(() => asking.isOver())
    expect([asking.lines().length, calm.isOver(), monitor.clients]).toEqual([2, false, 1])
  })

  test('of a stream of the caller’s own is greeted, or its stream is destroyed', async () => {
    const { monitor } = setUp()
    const [near, far] = memoryPair()
    await monitor.serve(far)
    await until(() => near.readableLength > 0)
    expect(monitor.clients).toBe(1)
    await monitor.close()
    const [, late] = memoryPair()
    await expect(monitor.serve(late)).rejects.toMatchObject({
      code: 'ERR_CLOSED',
      message: 'the multiplexer was closed by this side',
    })
    expect(late.destroyed).toBe(true)
    // Its last words are nothing uncaught.
    late.emit('error', new Error('late'))
  })
})

describe('the connection to QEMU', () => {
  test('is dialled again where it could not be made', async () => {
    const { dial, clock } = setUp()
    let isThere = false
    const monitor = new QmpMultiplexer(() => (isThere ? dial() : Promise.reject(new Error('nothing listens'))), {
      clock,
    })
    expect(monitor.clients).toBe(0)
    await expect(monitor.endpoint()).rejects.toMatchObject({ code: 'ERR_CONNECT' })
    isThere = true
    const client = await QmpClient.connect(monitor.endpoint, { clock })
    expect(await client.execute('query-status')).toMatchObject({ running: true })
    await monitor.close()
  })

  test('is made with the options given: its traffic is seen, under the name of the VM', async () => {
    const { dial, clock } = setUp()
    const seen = new Set<unknown>()
    const trace = ({ label, vm }: WireTraceEntry) => void seen.add(`${label} of ${vm}`)
    const monitor = new QmpMultiplexer(dial, { clock, trace, vm: 'web-1' })
    await monitor.endpoint()
    expect([...seen]).toEqual(['qmp of web-1'])
    await monitor.close()
  })

  test.each(['the caller’s signal', 'close()'])(
    'that is being made ends with %s, where there is a signal',
    async (how) => {
      const { clock } = setUp()
      const controller = new AbortController()
      const silent = new QmpMultiplexer(() => memoryPair()[0], { clock, signal: controller.signal })
      const connecting = silent.endpoint()
      if (how === 'close()') {
        const ended = expect(connecting).rejects.toMatchObject({ code: 'ERR_CLOSED' })
        await silent.close()
        await ended
      } else {
        const ended = expect(connecting).rejects.toBe('mine')
        await clock.sleep(1)
        controller.abort('mine')
        await ended
        await silent.close()
      }
    },
  )

  test('is closed at whatever moment: a client has none, or one that is ended', async () => {
    const { dial, clock } = setUp()
    const own = await QmpClient.connect(dial, { clock })
    const endings = new Set<string>()
    for (let ticks = 0; ticks < 90; ticks++) {
      const shared = new QmpMultiplexer(own)
      const opening = shared.endpoint().then(
        (stream) => {
          stream.on('error', () => undefined).resume()
          return stream
        },
        (error: unknown) => error,
      )
      // Code is loaded in turns of the loop, all else takes ticks of one.
      for (let tick = 0; tick < ticks; tick++)
        await (tick % 15 === 14 ? new Promise((resolve) => setImmediate(resolve)) : Promise.resolve())
      await shared.close()
      const end = await opening
      if (end instanceof Error) {
        expect(end).toMatchObject({ code: 'ERR_CLOSED', message: 'the multiplexer was closed by this side' })
        endings.add('refused')
      } else {
        await until(() => (end as Duplex).destroyed)
        endings.add('ended')
      }
      expect(shared.clients).toBe(0)
    }
    expect([...endings].sort()).toEqual(['ended', 'refused'])
    expect(own.state).toBe('ready')
    await own.close()
  })

  test('ends with `await using`', async () => {
    const { dial, dials, clock } = setUp()
    {
      await using monitor = new QmpMultiplexer(dial, { clock })
      await QmpClient.connect(monitor.endpoint, { clock })
      expect(dials[0]?.destroyed).toBe(false)
    }
    expect(dials[0]?.destroyed).toBe(true)
  })

  test('that is lost ends every client, with an unknown outcome; the next one has it dialled again', async () => {
    const { qemu, dials, monitor, clock } = setUp()
    qemu.onCommand('x-never', () => new Promise(() => undefined))
    const client = await QmpClient.connect(monitor.endpoint, { clock })
    const domain = await Domain.connect({ qmp: monitor.endpoint, clock, reconnect: 'eager' })
    const lost = expect(client.execute('x-never')).rejects.toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      outcome: 'unknown',
    })
    dials[0]?.destroy()
    await lost
    expect(client.state).toBe('closed')
    expect(String(await domain.getVcpuMap())).toBe('0-1')
    expect(dials).toHaveLength(2)
    await domain.close()
  })

  test('is made once for all that connect at the same time, and not at all where QEMU is not there', async () => {
    const { dials, monitor, clock } = setUp()
    await Promise.all(Array.from({ length: 20 }, () => QmpClient.connect(monitor.endpoint, { clock })))
    expect(dials).toHaveLength(1)
    const nowhere = new QmpMultiplexer(() => Promise.reject(new Error('nothing listens')), { clock })
    await expect(nowhere.endpoint()).rejects.toMatchObject({ code: 'ERR_CONNECT' })
    await nowhere.close()
  })

  test('of a client of the caller’s own stays open, and serves the caller too', async () => {
    const { dial, clock } = setUp()
    const own = await QmpClient.connect(dial, { clock })
    const shared = new QmpMultiplexer(own)
    const client = await QmpClient.connect(shared.endpoint, { clock })
    expect(await client.execute('query-status')).toEqual(await own.execute('query-status'))
    await shared.close()
    await until(() => client.state === 'closed')
    expect(own.state).toBe('ready')
    await own.close()
    const after = new QmpMultiplexer(own)
    await expect(after.endpoint()).rejects.toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      message: 'the monitor of the multiplexer is closed',
    })
  })

  test('that is being made ends with close()', async () => {
    const { clock } = setUp()
    const silent = new QmpMultiplexer(() => memoryPair()[0], { clock })
    const connecting = expect(silent.endpoint()).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    await silent.close()
    await connecting
  })
})

test('close() leaves no client, timer or listener', async () => {
  const { monitor, clock } = setUp()
  const client = await QmpClient.connect(monitor.endpoint, { clock })
  const lost = expect(client.execute('x-echo', {})).rejects.toMatchObject({ outcome: 'unknown' })
  await Promise.all([monitor.close(), monitor.close()])
  await lost
  expect(monitor.clients).toBe(0)
  expect(clock.pending).toBe(0)
})

test('a limit that cannot be is refused', () => {
  expect(() => new QmpMultiplexer('/run/vm.sock', { clientLimits: { pending: 0 } })).toThrow(/clientLimits.pending/)
})
