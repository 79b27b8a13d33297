import { describe, expect, test } from 'vitest'
import { QmpClient } from '../../../src/qmp/index.ts'
import { hang, SimulatedQemu } from '../../../src/testing/index.ts'
import { testClock } from '../../support/passing-clock.ts'
import { GREETING, ready, ScriptedPeer, settle } from './kit.ts'

/** Every failed connect() leaves its Duplex destroyed. */
async function failure(peer: ScriptedPeer, options: Parameters<typeof QmpClient.connect>[1] = {}) {
  const error = await QmpClient.connect(peer.near, { clock: testClock(), ...options }).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(peer.near.destroyed).toBe(true)
  return error
}

describe('connect() gives a ready client', () => {
  test('greeted and negotiated', async () => {
    const qemu = new SimulatedQemu({ kind: 'x86', version: '9.2.1' })
    await using client = await QmpClient.connect(qemu.connect(), { clock: testClock() })
    expect(client.state).toBe('ready')
    expect(client.greeting).toMatchObject({
      version: { qemu: { major: 9, minor: 2, micro: 1 } },
      capabilities: ['oob'],
    })
    expect(qemu.commands.map(({ command }) => command)).toEqual(['qmp_capabilities'])
  })

  test('is ready when connect() resolves, and closed only by closing', async () => {
    const peer = new ScriptedPeer()
    const states: string[] = []
    let client: QmpClient | undefined
    const connecting = QmpClient.connect(peer.near, {
      clock: testClock(),
      // The trace sees a piece before the client does, so each entry is the state that the piece found.
      trace: ({ direction }) => states.push(`${client?.state ?? 'connecting'} ${direction}`),
    }).then((connected) => {
      client = connected
      states.push(connected.state)
      void connected.closed.then(() => states.push(connected.state))
      return connected
    })
    peer.say(GREETING)
    const { id } = await peer.command()
    peer.say(`{"return": {}, "id": ${id}}\r\n`)
    const connected = await connecting
    const answer = connected.execute('x-ask')
    await peer.command()
    peer.say('{"return": 5}\r\n')
    expect(await answer).toBe(5)
    await connected.close()
    await settle()
    expect(states).toEqual([
      'connecting in',
      'connecting out',
      'connecting in',
      'ready',
      'ready out',
      'ready in',
      'closed',
    ])
  })

  test.each(Array.from({ length: 12 }, (_, at) => Math.floor((at * GREETING.length) / 11)))(
    'with a greeting cut at byte %i',
    async (cut) => {
      const peer = new ScriptedPeer()
      const connecting = QmpClient.connect(peer.near, { clock: testClock() })
      peer.say(GREETING.slice(0, cut))
      await settle()
      peer.say(GREETING.slice(cut))
      const { id } = await peer.command()
      peer.say(`{"return": {}, "id": ${id}}\r\n`)
      expect((await connecting).state).toBe('ready')
    },
  )

  test('with a greeting of single bytes', async () => {
    const peer = new ScriptedPeer()
    const connecting = QmpClient.connect(peer.near, { clock: testClock() })
    for (const byte of Buffer.from(GREETING)) peer.say(Uint8Array.of(byte))
    await peer.command()
    peer.say('{"return": {}}\r\n')
    expect((await connecting).greeting.version.package).toBe('Debian')
  })

  test.each([
    { capabilities: ['oob'], oob: true, expected: true },
    { capabilities: ['oob'], oob: false, expected: false },
    { capabilities: [], oob: true, expected: false },
    { capabilities: ['new-thing', 'oob'], oob: true, expected: true },
  ])('oob only where it is offered and asked for: %j', async ({ capabilities, oob, expected }) => {
    const qemu = new SimulatedQemu({ kind: 'x86', capabilities })
    const client = await QmpClient.connect(qemu.connect(), { clock: testClock(), oob })
    expect(client.oob).toBe(expected)
    expect(qemu.commands[0]?.arguments).toEqual(expected ? { enable: ['oob'] } : {})
    const call = client.execute('query-yank', undefined, { oob: true })
    if (expected) expect(await call).toEqual([])
    else await expect(call).rejects.toMatchObject({ code: 'ERR_OOB', outcome: 'not-sent' })
    expect(qemu.commands).toHaveLength(expected ? 2 : 1)
  })

  test('capabilities that are no names do not disturb it', async () => {
    const peer = new ScriptedPeer()
    peer.say(GREETING.replace('"oob"', '{"odd": 1}, 7, "oob"'))
    const connecting = QmpClient.connect(peer.near, { clock: testClock(), oob: true })
    expect(await peer.command()).toMatchObject({ arguments: { enable: ['oob'] } })
    peer.say('{"return": {}}\r\n')
    expect((await connecting).greeting.capabilities).toEqual(['oob'])
  })
})

describe('connect() says why not', () => {
  test('nobody greets: another client holds the monitor', async () => {
    const peer = new ScriptedPeer()
    expect(await failure(peer, { timeoutMs: 5 })).toMatchObject({
      name: 'ConnectionError',
      code: 'ERR_MONITOR_BUSY',
      message: expect.stringContaining('within 5 ms') as unknown,
    })
    expect(peer.heard).toBe('')
  })

  test.each([
    ['SSH-2.0-OpenSSH_9.2\r\n', 'SSH-2.0'],
    ['QEMU 10.0 monitor - type \u001b[1mhelp\r\n', '\\u{1b}[1mhelp'],
    ['{"return": {}}\n', '{"return'],
    ['{"QMP": 7}\n', '{"QMP": 7}'],
    ['{"QMP": {"version": {"qemu": {"major": -1}}}}\n', '"major": -1'],
    ['\n', 'greets with ""'],
  ])('%j is no QMP greeting', async (banner, shown) => {
    const peer = new ScriptedPeer()
    peer.say(banner)
    expect(await failure(peer)).toMatchObject({
      code: 'ERR_NOT_QMP',
      message: expect.stringContaining(shown) as unknown,
    })
  })

  test('the peer closes before it greets, or in the middle of it', async () => {
    for (const said of ['', GREETING.slice(0, 20)]) {
      const peer = new ScriptedPeer()
      if (said !== '') peer.say(said)
      peer.end()
      expect(await failure(peer)).toMatchObject({ code: 'ERR_CONNECTION_LOST' })
    }
  })

  test('the peer closes as soon as it has greeted', async () => {
    const peer = new ScriptedPeer()
    peer.say(GREETING)
    peer.end()
    expect(await failure(peer)).toMatchObject({ code: 'ERR_CONNECTION_LOST' })
  })

  test('what follows the greeting in the same piece ends the connection', async () => {
    const peer = new ScriptedPeer()
    peer.say(`${GREETING}no JSON\r\n`)
    expect(await failure(peer)).toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      outcome: 'not-sent',
      cause: expect.objectContaining({ code: 'ERR_PROTOCOL' }) as unknown,
    })
  })

  test('what follows the negotiation’s answer in the same piece does too', async () => {
    const peer = new ScriptedPeer()
    peer.say(GREETING)
    const connecting = failure(peer)
    await peer.command()
    peer.say('{"return": {}, "id": 1}\r\nno JSON\r\n')
    expect(await connecting).toMatchObject({ name: 'ConnectionError', code: 'ERR_CONNECTION_LOST' })
  })

  test('QEMU greets and then hangs', async () => {
    const peer = new ScriptedPeer()
    peer.say(GREETING)
    expect(await failure(peer, { timeoutMs: 5 })).toMatchObject({
      code: 'ERR_MONITOR_HANGS',
      message: expect.stringContaining('QEMU hangs') as unknown,
      cause: expect.objectContaining({ name: 'TimeoutError' }) as unknown,
    })
  })

  test('QEMU refuses the negotiation', async () => {
    const peer = new ScriptedPeer()
    peer.say(GREETING)
    const connecting = failure(peer)
    await peer.command()
    peer.say('{"error": {"class": "CommandNotFound", "desc": "what?"}}\r\n')
    expect(await connecting).toMatchObject({
      name: 'ConnectionError',
      code: 'ERR_NOT_QMP',
      message: 'the Duplex given greeted, and refused the negotiation: what?',
      cause: expect.objectContaining({ name: 'CommandError', errorClass: 'CommandNotFound' }) as unknown,
    })
  })

  test('the greeting is larger than the cap', async () => {
    const peer = new ScriptedPeer()
    peer.say(GREETING)
    expect(await failure(peer, { maxMessageBytes: 50 })).toMatchObject({
      name: 'ConnectionError',
      code: 'ERR_NOT_QMP',
      message: 'the Duplex given is not a QMP monitor: a message exceeds the cap of 50 bytes',
      cause: expect.objectContaining({ code: 'ERR_MESSAGE_TOO_LARGE' }) as unknown,
    })
  })

  test('the signal was aborted before: the Duplex is not touched', async () => {
    const peer = new ScriptedPeer()
    const reason = { mine: true }
    await expect(QmpClient.connect(peer.near, { clock: testClock(), signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    )
    expect(peer.near.destroyed).toBe(false)
    expect(peer.near.listenerCount('data')).toBe(0)
  })

  test('the signal is aborted while it waits for the greeting, or for the negotiation', async () => {
    for (const greeting of ['', GREETING]) {
      const peer = new ScriptedPeer()
      const controller = new AbortController()
      if (greeting !== '') peer.say(greeting)
      const connecting = failure(peer, { signal: controller.signal })
      if (greeting !== '') await peer.command()
      controller.abort('enough')
      expect(await connecting).toBe('enough')
    }
  })

  test('a time-out that no timer can hold', async () => {
    const peer = new ScriptedPeer()
    await expect(QmpClient.connect(peer.near, { clock: testClock(), timeoutMs: NaN })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT_RANGE',
    })
  })
})

test('a second client is busy until the first has left', async () => {
  const qemu = new SimulatedQemu({ kind: 'x86' })
  const first = await QmpClient.connect(qemu.connect(), { clock: testClock() })
  await expect(QmpClient.connect(qemu.connect(), { timeoutMs: 5, clock: testClock() })).rejects.toMatchObject({
    code: 'ERR_MONITOR_BUSY',
  })
  const second = QmpClient.connect(qemu.connect(), { clock: testClock() })
  await first.close()
  expect((await second).state).toBe('ready')
})

test('the greeting is still there after closing', async () => {
  const { client } = await ready()
  await client.close()
  expect(client.greeting.version.package).toBe('Debian')
})

test('the negotiation waits for its own answer', async () => {
  const qemu = new SimulatedQemu({ kind: 'x86' })
  qemu.onCommand('qmp_capabilities', hang)
  await expect(QmpClient.connect(qemu.connect(), { timeoutMs: 5, clock: testClock() })).rejects.toMatchObject({
    code: 'ERR_MONITOR_HANGS',
  })
})
