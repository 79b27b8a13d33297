import { describe, expect, test, vi } from 'vitest'
import { DEFAULT_MAX_MESSAGE_BYTES, QgaClient } from '../../../src/qga/index.ts'
import { reachAgent } from '../../../src/qga/reconnecting-client.ts'
import { COUNTED_FROM_BYTES } from '../../../src/wire/limits.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'
import { answer, answerSync, ScriptedPeer, settle, synced } from './kit.ts'

/** How often `JSON.parse` was given something of the peer's while `task` ran: the test's own tools use it too. */
async function parsesDuring(task: () => Promise<void>): Promise<number> {
  const parse = vi.spyOn(JSON, 'parse')
  try {
    await task()
    return parse.mock.calls.filter(([text]) => /^\s*(\{"return"|\[\{\}\])/.test(text.slice(0, 20))).length
  } finally {
    parse.mockRestore()
  }
}

const MIB = 1_048_576
const repeated = (piece: string, bytes: number) =>
  Array.from({ length: Math.floor(bytes / (piece.length + 1)) }, () => piece).join()
const numbered = (piece: (at: number) => string, times: number) =>
  Array.from({ length: times }, (_, at) => piece(at)).join()

describe('a reply that costs more than it may is refused before JSON.parse', () => {
  test.each([
    ['empty objects', `[${repeated('{}', 3 * MIB)}]`, 'values'],
    ['empty arrays', `[${repeated('[]', 3 * MIB)}]`, 'values'],
    ['nested arrays', `${'['.repeat(MIB)}${']'.repeat(MIB)}`, 'within one another'],
    ['nested objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 'within one another'],
    ['distinct names', `{${numbered((at) => `"k${at.toString(36)}":0`, 200_000)}}`, 'member names'],
    ['objects of a distinct name each', `[${numbered((at) => `{"k${at.toString(36)}":0}`, 100_000)}]`, 'member names'],
    ['duplicate names', `{${repeated('"a":0', MIB)}}`, 'member names'],
    ['__proto__', `[${repeated('{"__proto__":{}}', 3 * MIB)}]`, 'values'],
    ['one __proto__ after the other', `{${repeated('"__proto__":{}', MIB)}}`, 'member names'],
    ['numbers', `[${repeated('1', MIB)}]`, 'values'],
    ['escapes in one string', `"${'\\u0000'.repeat(400_000)}"`, 'a string of more than'],
    ['escapes in one name', `{"${'\\u0000'.repeat(400_000)}":1}`, 'a string of more than'],
    ['distinct strings', `[${numbered((at) => `"${at.toString(36)}"`, 300_000)}]`, 'values'],
  ])('%s', async (_, json, words) => {
    const { peer, client } = await synced({ timeoutMs: 60_000 })
    const call = client.execute('x-ask')
    const { id } = await peer.command()
    const parses = await parsesDuring(async () => {
      peer.say(`{"return": ${json}, "id": ${id}}\n`)
      await expect(call).rejects.toMatchObject({
        name: 'ProtocolError',
        code: 'ERR_MESSAGE_TOO_COMPLEX',
        outcome: 'unknown',
        message: expect.stringMatching(new RegExp(`^x-ask: a message has .*${words}`)) as unknown,
      })
    })
    expect(parses).toBe(0)
    // The connection lives; it is in step again after a sync.
    const next = client.execute('x-next')
    await answerSync(peer)
    await answer(peer, '1')
    expect(await next).toBe(1)
    await client.close()
  })

  test('the one call that it answers, and not those that were sent ahead', async () => {
    const { peer, client } = await synced({ limits: { depth: 3 } })
    const known = client.execute('x-known', undefined, { sendAhead: true })
    await answer(peer, '1')
    await known
    const onReply = vi.fn()
    const calls = ['x-a', 'x-b'].map((name) => client.execute(name, undefined, { sendAhead: true, onReply }))
    const ends = Promise.allSettled(calls)
    const [a, b] = [await peer.command(), await peer.command()]
    peer.say(`{"return": [[[]]], "id": ${a.id}}\n{"return": 2, "id": ${b.id}}\n`)
    const refused: unknown = expect.objectContaining({ code: 'ERR_MESSAGE_TOO_COMPLEX' })
    expect(await ends).toMatchObject([
      { status: 'rejected', reason: refused },
      { status: 'fulfilled', value: 2 },
    ])
    // It is not certain that it was the answer.
    expect(onReply.mock.calls).toEqual([['return']])
    expect(client.state).toBe('unsynced')
    await client.close()
  })

  test('a late one, and one that no call waits for, are dropped', async () => {
    const clock = new ManualClock()
    const { peer, client } = await synced({ clock, limits: { depth: 2 } })
    const onLateReturn = vi.fn()
    const call = expect(client.execute('x-ask', undefined, { timeoutMs: 5, onLateReturn })).rejects.toThrow('5 ms')
    await peer.command()
    await clock.advance(5)
    await call
    peer.say('{"return": [[1]]}\n')
    await settled()
    expect(onLateReturn).not.toHaveBeenCalled()
    expect(client.droppedMessages).toBe(1)
    await client.close()
  })

  test('small messages are not counted, unless a cap was given', async () => {
    const deep = (bytes: number) => `${'['.repeat(bytes / 2)}${']'.repeat(bytes / 2)}`
    for (const [limits, isRefused] of [
      [{}, false],
      [{ depth: 64 }, true],
    ] as const) {
      const { peer, client } = await synced({ limits })
      const call = client.execute('x-ask')
      await answer(peer, deep(COUNTED_FROM_BYTES.qga - 100))
      if (isRefused) await expect(call).rejects.toMatchObject({ code: 'ERR_MESSAGE_TOO_COMPLEX' })
      else expect(await call).toHaveLength(1)
      await client.close()
    }
  })

  test('a guest of 65,536 vCPUs is none of that', async () => {
    const { peer, client } = await synced()
    const call = client.execute('guest-get-vcpus')
    const cpu = (id: number) => `{"online": true, "can-offline": true, "logical-id": ${id}}`
    await answer(peer, `[${numbered(cpu, 65_536)}]`)
    expect(await call).toHaveLength(65_536)
    await client.close()
  })
})

test('while out of step no long line is taken for the answer of a sync, nor parsed', async () => {
  const peer = new ScriptedPeer()
  const connecting = QgaClient.connect(peer.near, { clock: new ManualClock() })
  const { arguments: args } = await peer.command()
  const parses = await parsesDuring(async () => {
    peer.say(Buffer.from(`\xff{"return": ${String(args?.['id'])}${' '.repeat(300)}}\n`, 'latin1'))
    peer.say(Buffer.from(`\xff${'[{}],'.repeat(200_000)}\n`, 'latin1'))
    await settled()
  })
  expect(parses).toBe(0)
  peer.say(Buffer.from(`x\xff{"return": ${String(args?.['id'])}}\n`, 'latin1'))
  const client = await connecting
  expect(client.droppedMessages).toBe(2)
  await client.close()
})

describe('limits of the connection', () => {
  test.each([
    [{ limits: { depth: NaN } }, 'limits.depth is NaN, expected an integer from 1 to'],
    [{ limits: { lineMs: -1 } }, 'limits.lineMs is -1, expected an integer from 1 to'],
    [{ maxMessageBytes: NaN }, 'maxMessageBytes is NaN, expected an integer from 1 to'],
    [{ maxMessageBytes: 1.5 }, 'maxMessageBytes is 1.5, expected'],
  ])('%j is refused before anything is opened', async (options, words) => {
    const dial = vi.fn()
    await expect(QgaClient.connect(dial, options)).rejects.toMatchObject({
      name: 'InputError',
      code: 'ERR_LIMIT',
      outcome: 'not-sent',
      message: expect.stringContaining(words) as unknown,
    })
    expect(dial).not.toHaveBeenCalled()
    expect(() => reachAgent(dial, { connectTimeoutMs: 1, limits: { depth: NaN } })).toThrow('depth is NaN')
  })

  test('limits.messageBytes is the cap of a message', async () => {
    expect(DEFAULT_MAX_MESSAGE_BYTES).toBe(4 * MIB)
    const { peer, client } = await synced({ limits: { messageBytes: 100 }, maxMessageBytes: 1_000 })
    const call = client.execute('x-ask')
    await answer(peer, `"${'x'.repeat(100)}"`)
    await expect(call).rejects.toMatchObject({
      name: 'ProtocolError',
      code: 'ERR_MESSAGE_TOO_LARGE',
      outcome: 'unknown',
      message: 'x-ask: a message exceeds the cap of 100 bytes',
    })
    expect(client.state).toBe('unsynced')
  })

  test('pending: one more is rejected, and sent after one has ended', async () => {
    const { peer, client } = await synced({ limits: { pending: 2 } })
    const calls = [client.execute('x-a'), client.execute('x-b')]
    await expect(client.execute('x-c')).rejects.toMatchObject({
      name: 'LimitError',
      code: 'ERR_TOO_MANY_PENDING',
      outcome: 'not-sent',
      message: 'x-c: 2 commands wait for an answer, which is the limit',
    })
    await answer(peer, '1')
    await calls[0]
    const third = client.execute('x-c')
    await answer(peer, '2')
    await answer(peer, '3')
    expect(await Promise.all([...calls, third])).toEqual([1, 2, 3])
    await client.close()
  })

  test('unsentBytes: nothing more is sent to an agent that does not read', async () => {
    const { client, peer } = await synced({ limits: { unsentBytes: 10_000 } })
    // The far side stops reading: what is written stays here.
    peer.stopReading()
    const first = client.execute('x-large', { text: 'x'.repeat(200_000) })
    await settle()
    await expect(client.execute('x-b')).rejects.toMatchObject({ code: 'ERR_TOO_MUCH_UNSENT', outcome: 'not-sent' })
    await client.close()
    await expect(first).rejects.toMatchObject({ outcome: 'unknown' })
  })

  test('junkBytes, whatever a message may have', async () => {
    const { peer, client } = await synced({ limits: { junkBytes: 100 } })
    peer.say('x\n'.repeat(50))
    await settle()
    expect(client.state).toBe('synced')
    peer.say('x\n')
    expect(await client.closed).toMatchObject({ code: 'ERR_TOO_MUCH_JUNK' })
  })

  test('syncMs, commandMs, dialMs and lineMs go by the clock', async () => {
    const clock = new ManualClock()
    const limits = { syncMs: 300, commandMs: 700, dialMs: 200, lineMs: 500 }
    const mute = new ScriptedPeer()
    const connecting = expect(QgaClient.connect(mute.near, { clock, limits })).rejects.toMatchObject({
      code: 'ERR_NO_AGENT_ANSWER',
      message: expect.stringContaining('within 300 ms') as unknown,
    })
    await clock.advance(300)
    await connecting
    const slow = expect(
      QgaClient.connect(() => new Promise(() => undefined), { clock, limits, timeoutMs: 5_000 }),
    ).rejects.toMatchObject({ code: 'ERR_CONNECT', message: expect.stringContaining('within 200 ms') as unknown })
    await clock.advance(200)
    await slow
    const { peer, client } = await synced({ clock, limits })
    const call = expect(client.execute('x-ask')).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
      message: 'x-ask: no answer within 700 ms',
    })
    await clock.advance(700)
    await call
    peer.say('{"ret')
    await clock.advance(499)
    expect(client.state).toBe('unsynced')
    await clock.advance(1)
    expect(await client.closed).toMatchObject({ code: 'ERR_MESSAGE_TOO_SLOW' })
    expect(clock.armed).toBe(0)
  })

  test('a client over several connections has them in each', async () => {
    const clock = new ManualClock()
    const peers: ScriptedPeer[] = []
    const dial = () => {
      const peer = new ScriptedPeer()
      peers.push(peer)
      return peer.near
    }
    const link = reachAgent(dial, { connectTimeoutMs: 1_000, clock, limits: { depth: 2, commandMs: 900 } })
    for (let round = 0; round < 2; round++) {
      const call = link.executor.execute('x-ask')
      call.catch(() => undefined)
      await settled()
      const peer = peers[round] ?? new ScriptedPeer()
      await answerSync(peer)
      await answer(peer, '[[1]]')
      await expect(call).rejects.toMatchObject({ code: 'ERR_MESSAGE_TOO_COMPLEX' })
      peer.end()
      await clock.advance(50)
    }
    await link.close()
  })
})

test('answers are counted', async () => {
  const { peer, client } = await synced()
  expect(client.answeredMessages).toBe(0)
  const call = client.execute('x-ask')
  await answer(peer, '1')
  await call
  expect(client.answeredMessages).toBe(1)
  await client.close()
})
