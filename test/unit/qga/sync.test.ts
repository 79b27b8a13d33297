import { describe, expect, test } from 'vitest'
import { QgaClient } from '../../../src/qga/index.ts'
import { DelimitedSync } from '../../../src/qga/sync.ts'
import { SimulatedAgent, SimulatedGuest } from '../../../src/testing/index.ts'
import { testClock } from '../../support/passing-clock.ts'
import { answer, answerSync, ScriptedPeer, settle, synced } from './kit.ts'

const guest = () => new SimulatedGuest({ kind: 'x86', vcpus: [0, 1], possible: 4 })

describe('the first thing a client says is a delimited sync', () => {
  test('0xFF, then an id that nobody else has', async () => {
    const ids = new Set<number>()
    for (let client = 0; client < 20; client++) {
      const peer = new ScriptedPeer()
      const connecting = QgaClient.connect(peer.near, { clock: testClock() })
      await settle()
      expect(peer.heard).toMatch(/^\xff\{"execute":"guest-sync-delimited","arguments":\{"id":\d+\}\}\n$/)
      ids.add(await answerSync(peer))
      expect((await connecting).state).toBe('synced')
    }
    expect(ids.size).toBe(20)
    for (const id of ids) expect(Number.isSafeInteger(id)).toBe(true)
  })

  test('but nothing before the first command with `sync: false`', async () => {
    const peer = new ScriptedPeer()
    const client = await QgaClient.connect(peer.near, { clock: testClock(), sync: false })
    await settle()
    expect(peer.heard).toBe('')
    expect(client.state).toBe('unsynced')
    const call = client.execute('x-ask')
    await answerSync(peer)
    await answer(peer, '7')
    expect(await call).toBe(7)
    expect(client.state).toBe('synced')
  })

  test('once: the commands after it need none', async () => {
    const agent = new SimulatedAgent(guest())
    const client = await QgaClient.connect(agent.connect(), { clock: testClock() })
    await client.execute('guest-ping')
    await client.execute('guest-ping')
    await expect(client.execute('x-unknown')).rejects.toMatchObject({ name: 'CommandError' })
    await client.execute('guest-ping')
    expect(agent.commands.map(({ command }) => command)).toEqual([
      'guest-sync-delimited',
      'guest-ping',
      'guest-ping',
      'x-unknown',
      'guest-ping',
    ])
  })
})

describe('what an earlier client left in the channel is dropped', () => {
  test.each([
    ['a whole reply', '{"return": "stale", "id": 1}\n', 1],
    ['a reply without an id', '{"return": {}}\n', 1],
    ['half a reply', '{"return": [{"logical-id": 0, "onl', 0],
    ['the end of a reply', 'line": true}]}\n', 1],
    ['an earlier sync’s answer', Buffer.from([0xff, ...Buffer.from('{"return": 12345}\n')]), 1],
    ['an error', '{"error": {"class": "GenericError", "desc": "JSON parse error"}}\n', 1],
    ['bytes that no UTF-8 has', Uint8Array.from([0xc3, 0x28, 0x0a, 0x80, 0xff, 0x0a]), 2],
    ['empty lines', '\n\r\n\n', 3],
    ['nothing', '', 0],
  ])('%s', async (_, bytes, dropped) => {
    const agent = new SimulatedAgent(guest())
    if (bytes.length > 0) agent.leave(bytes)
    const client = await QgaClient.connect(agent.connect(), { clock: testClock() })
    expect(await client.execute('guest-get-vcpus')).toHaveLength(2)
    // And the agent's complaint about the 0xFF before the sync.
    expect(client.droppedMessages).toBe(dropped + 1)
  })

  test('even a reply with the very id of the first command', async () => {
    const agent = new SimulatedAgent(guest())
    const former = await QgaClient.connect(agent.connect(), { clock: testClock() })
    await former.execute('guest-get-vcpus')
    const id = agent.commands.at(-1)?.id
    await former.close()
    agent.leave(`{"return": [{"logical-id": 9, "online": true}], "id": ${Number(id)}}\n`)
    const client = await QgaClient.connect(agent.connect(), { clock: testClock() })
    const cpus = await client.execute('guest-get-vcpus')
    expect(agent.commands.at(-1)?.id).toBe(id)
    expect(cpus.map((cpu) => cpu['logical-id'])).toEqual([1, 0])
  })

  test('and what an earlier client left half said is flushed', async () => {
    const agent = new SimulatedAgent(guest())
    const former = agent.connect()
    former.write('{"execute": "guest-ping", "argu')
    await settle()
    former.destroy()
    const client = await QgaClient.connect(agent.connect(), { clock: testClock() })
    // The agent complains about the half command before it answers the sync.
    expect(client.droppedMessages).toBe(1)
    await client.execute('guest-ping')
  })
})

describe('DelimitedSync', () => {
  const idOf = (sync: DelimitedSync) => /"id":(\d+)/.exec(Buffer.from(sync.request()).toString('latin1'))?.[1] ?? ''
  const bytes = (text: string) => Buffer.from(text, 'latin1')

  test('knows its answer by what follows the last 0xFF', () => {
    const sync = new DelimitedSync()
    const id = idOf(sync)
    expect(sync.isAnswer(bytes(`\xff{"return": ${id}}`))).toBe(true)
    expect(sync.isAnswer(bytes(`{"return": [\xff{"return": ${id}}`))).toBe(true)
    expect(sync.isAnswer(bytes(`\xff\xff{"return":${id}, "id": 3}`))).toBe(true)
  })

  test('and nothing else', () => {
    const sync = new DelimitedSync()
    const id = idOf(sync)
    const others = [
      `{"return": ${id}}`,
      `\xff{"return": ${id}1}`,
      `\xff{"return": "${id}"}`,
      `\xff{"return": ${id}`,
      `\xff{"error": {}, "id": ${id}}`,
      `\xff{"return": ${id}}\xff`,
      `\xff[${id}]`,
      `\xff{"__proto__": {"return": ${id}}}`,
      '\xff',
      '',
    ]
    for (const line of others) expect(sync.isAnswer(bytes(line)), line).toBe(false)
  })
})

describe('connect() says why not', () => {
  test('nobody answers', async () => {
    const agent = new SimulatedAgent(guest())
    agent.silent = true
    const channel = agent.connect()
    await expect(QgaClient.connect(channel, { timeoutMs: 5, clock: testClock() })).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'ERR_NO_AGENT_ANSWER',
      outcome: 'not-sent',
      message: expect.stringContaining('no guest agent answered') as unknown,
    })
    expect(channel.destroyed).toBe(true)
  })

  test('the channel ends', async () => {
    const peer = new ScriptedPeer()
    const connecting = QgaClient.connect(peer.near, { clock: testClock() })
    await peer.command()
    peer.end()
    await expect(connecting).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', outcome: 'not-sent' })
  })

  test('the signal is aborted before, or on the way', async () => {
    const untouched = new ScriptedPeer()
    const signal = AbortSignal.abort('mine')
    await expect(QgaClient.connect(untouched.near, { clock: testClock(), signal })).rejects.toBe('mine')
    expect(untouched.near.destroyed).toBe(false)
    const peer = new ScriptedPeer()
    const controller = new AbortController()
    const connecting = QgaClient.connect(peer.near, { clock: testClock(), signal: controller.signal })
    await peer.command()
    controller.abort('mine too')
    await expect(connecting).rejects.toBe('mine too')
    expect(peer.near.destroyed).toBe(true)
  })
})

test('an agent that starts late is found by a later command', async () => {
  const agent = new SimulatedAgent(guest())
  agent.silent = true
  const client = await QgaClient.connect(agent.connect(), { sync: false, clock: testClock() })
  await expect(client.execute('guest-ping', undefined, { timeoutMs: 5 })).rejects.toMatchObject({
    code: 'ERR_NO_AGENT_ANSWER',
    outcome: 'not-sent',
  })
  expect(client.state).toBe('unsynced')
  agent.silent = false
  await client.execute('guest-ping')
  expect(client.state).toBe('synced')
})

test('an agent that echoes no ids is understood', async () => {
  const agent = new SimulatedAgent(guest(), { echoesIds: false })
  const client = await QgaClient.connect(agent.connect(), { clock: testClock() })
  expect(await client.execute('guest-get-vcpus')).toHaveLength(2)
  await expect(client.execute('x-unknown')).rejects.toMatchObject({ errorClass: 'CommandNotFound' })
})

test('a client that closes in the middle of a sync ends it', async () => {
  const peer = new ScriptedPeer()
  const client = await QgaClient.connect(peer.near, { clock: testClock(), sync: false })
  const call = client.execute('guest-ping')
  await peer.command()
  expect(client.state).toBe('syncing')
  await client.close()
  await expect(call).rejects.toMatchObject({ code: 'ERR_CLOSED', outcome: 'not-sent' })
  expect(client.state).toBe('closed')
})

test('a channel that ends with the very bytes of the sync’s answer fails the command at once', async () => {
  const { peer, client } = await synced()
  client.execute('x-slow', undefined, { timeoutMs: 5 }).catch(() => undefined)
  await peer.command()
  const call = client.execute('x-ask')
  const { arguments: args } = await peer.command()
  // The line behind the answer is over the cap, which closes the channel before the command has left.
  const answered = Buffer.from(`\xff{"return": ${String(args?.['id'])}}\n`, 'latin1')
  peer.say(Buffer.concat([answered, Buffer.alloc(17 * 1024 * 1024, 'x')]))
  await expect(call).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', outcome: 'not-sent' })
})
