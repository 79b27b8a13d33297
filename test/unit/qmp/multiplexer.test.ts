// One monitor for several clients of one process.
import type { Duplex } from 'node:stream'
// Virtual time does not wait for files: what is loaded when it is needed is loaded before.
import '../../../src/qmp/multiplexer-hub.ts'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Domain } from '../../../src/index.ts'
import { QmpClient, QmpMultiplexer, type QmpMultiplexerOptions } from '../../../src/qmp/index.ts'
import { memoryPair, SimulatedQemu } from '../../../src/testing/index.ts'
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
    expect(client.lines()[1]).toMatchObject({ error: { desc: expect.stringMatching(desc) as unknown } })
  })

  test.each(['getfd', 'add-fd'])('%s, since a file descriptor cannot pass', async (command) => {
    const { monitor, clock } = setUp()
    const client = await QmpClient.connect(monitor.endpoint, { clock })
    await expect(client.execute(command, { fdname: 'x' })).rejects.toMatchObject({ name: 'CommandError' })
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

  test('what is not JSON ends its client', async () => {
    const { monitor } = setUp()
    const client = await negotiated(monitor)
    client.stream.write('not json\n')
    await until(() => client.isOver() && monitor.clients === 0)
  })
})

describe('the connection to QEMU', () => {
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
    await expect(after.endpoint()).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST' })
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
