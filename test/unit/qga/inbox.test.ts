import { describe, expect, test, vi } from 'vitest'
import { QgaClient } from '../../../src/qga/client.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'
import { answer, answerSync, ScriptedPeer, synced } from './kit.ts'

const AHEAD = { sendAhead: true }

/** A client with a call that was given up, and its peer. */
async function abandoned() {
  const clock = new ManualClock()
  const { peer, client } = await synced({ clock })
  const heard = { onReply: vi.fn(), onLateReturn: vi.fn() }
  const call = expect(client.execute('x-ask', undefined, { timeoutMs: 5, ...heard })).rejects.toThrow('5 ms')
  const { id } = await peer.numbered()
  await clock.advance(5)
  await call
  return { clock, peer, client, heard, id }
}

describe('a monitor in place of an agent', () => {
  const words = 'the Duplex given is a QEMU monitor, and not the channel of a guest agent'

  test('is named at once, and by every later call', async () => {
    const peer = new ScriptedPeer()
    peer.say('{"QMP": {"version": {}}}\n')
    const connecting = QgaClient.connect(peer.near, { clock: new ManualClock() })
    await expect(connecting).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'ERR_NOT_AGENT',
      outcome: 'not-sent',
      message: words,
    })
    const later = new ScriptedPeer()
    const client = await QgaClient.connect(later.near, { clock: new ManualClock(), sync: false })
    later.say('{"QMP": {"version": {}}}\n')
    expect(await client.closed).toMatchObject({ code: 'ERR_NOT_AGENT', message: words })
    await expect(client.execute('x-ask')).rejects.toMatchObject({ code: 'ERR_NOT_AGENT', message: words })
  })
})

describe('late answers', () => {
  test('are handed to the call that was given up, and counted as dropped', async () => {
    const { peer, client, heard, id } = await abandoned()
    peer.say(`{"return": 7, "id": ${id}}\n`)
    await settled()
    expect(heard.onLateReturn.mock.calls).toEqual([[7]])
    expect(heard.onReply.mock.calls).toEqual([['return']])
    expect(client.droppedMessages).toBe(1)
    await client.close()
  })

  test('that are garbage are dropped; they close nothing', async () => {
    const { peer, client, heard } = await abandoned()
    peer.say('garbage\n')
    await settled()
    expect(heard.onReply).not.toHaveBeenCalled()
    expect(client.droppedMessages).toBe(1)
    expect(client.state).toBe('unsynced')
    await client.close()
  })

  test('whose reader fails close the channel', async () => {
    const { peer, client, heard, id } = await abandoned()
    const bug = new Error('bug')
    heard.onLateReturn.mockImplementation(() => {
      throw bug
    })
    peer.say(`{"return": 7, "id": ${id}}\n`)
    expect(await client.closed).toBe(bug)
  })

  test('are dropped once a sync was answered', async () => {
    const { peer, client, heard, id } = await abandoned()
    const next = client.execute('x-next')
    await answerSync(peer)
    const { id: nextId } = await peer.command()
    peer.say(`{"return": 7, "id": ${id}}\n{"return": 8, "id": ${nextId}}\n`)
    expect(await next).toBe(8)
    expect(heard.onLateReturn).not.toHaveBeenCalled()
    expect(client.droppedMessages).toBe(1)
    await client.close()
  })

  test('while a sync is out, no reply is taken for another call’s', async () => {
    const { peer, client, id } = await abandoned()
    const next = client.execute('x-next')
    peer.say(`{"return": 7, "id": ${id + 1}}\n{"return": 7}\n`)
    await answerSync(peer)
    await answer(peer, '8')
    expect(await next).toBe(8)
    expect(client.droppedMessages).toBe(2)
    await client.close()
  })
})

describe('out of step', () => {
  test('by a line that is not JSON: every call in flight ends, and the next syncs', async () => {
    const { peer, client } = await synced()
    const call = client.execute('x-ask')
    await peer.command()
    peer.say('garbage\n')
    await expect(call).rejects.toMatchObject({
      name: 'ProtocolError',
      code: 'ERR_PROTOCOL',
      outcome: 'unknown',
      message: 'x-ask: the agent answered not a line of JSON: garbage',
      cause: expect.objectContaining({ name: 'ProtocolError' }) as unknown,
    })
    expect(client.state).toBe('unsynced')
    expect(client.droppedMessages).toBe(0)
    await client.close()
  })

  test('by an answer without an id, while several are in flight', async () => {
    const { peer, client } = await synced()
    const first = client.execute('x-first', undefined, AHEAD)
    await answer(peer, '1')
    await first
    const ends = Promise.allSettled([client.execute('x-a', undefined, AHEAD), client.execute('x-b', undefined, AHEAD)])
    await peer.command()
    await peer.command()
    peer.say('{"return": 1}\n')
    expect(await ends).toMatchObject(
      ['x-a', 'x-b'].map((name) => ({
        reason: {
          name: 'ProtocolError',
          outcome: 'unknown',
          message: `${name}: the agent answered without an id, while several commands were in flight`,
        },
      })),
    )
    await client.close()
  })
})

test('only the id that was asked with shows that the agent echoes ids', async () => {
  const { peer, client } = await synced()
  const first = client.execute('x-first', undefined, AHEAD)
  const others = ['x-a', 'x-b'].map((name) => client.execute(name, undefined, AHEAD))
  const { id } = await peer.numbered()
  // Another id is another client's reply; without any it is answered as agents before QEMU 4.0 do.
  peer.say(`{"return": 0, "id": ${id + 100}}\n`)
  await settled()
  expect(peer.heard).toBe('')
  peer.say('{"return": 1}\n')
  expect(await first).toBe(1)
  const second = await peer.command()
  await settled()
  expect(peer.heard).toBe('')
  // With the first one that it echoes, the next may be sent before it is answered.
  peer.say(`{"return": 2, "id": ${second.id}}\n`)
  await answer(peer, '3')
  expect(await Promise.all(others)).toEqual([2, 3])
  expect(client.droppedMessages).toBe(1)
  expect(client.answeredMessages).toBe(3)
  await client.close()
})

test('what waits may begin as soon as the agent is known to echo ids', async () => {
  const { peer, client } = await synced()
  // The first is answered with its id by an error, while others wait.
  const calls = ['x-a', 'x-b', 'x-c'].map((name) => client.execute(name, undefined, AHEAD))
  const ends = Promise.allSettled(calls)
  const { id } = await peer.numbered()
  peer.say(`{"error": {"class": "GenericError", "desc": "no"}, "id": ${id}}\n`)
  const [b, c] = [await peer.command(), await peer.command()]
  peer.say(`{"return": 3, "id": ${c.id}}\n{"return": 2, "id": ${b.id}}\n`)
  expect(await ends).toMatchObject([{ status: 'rejected' }, { value: 2 }, { value: 3 }])
  await client.close()
})

test('a reply to no call is dropped', async () => {
  const { peer, client } = await synced()
  const call = client.execute('x-ask')
  const { id } = await peer.numbered()
  peer.say(`{"return": 0, "id": ${id + 1}}\n{"other": 1, "id": ${id}}\n{"return": 1, "id": ${id}}\n`)
  expect(await call).toBe(1)
  expect(client.droppedMessages).toBe(2)
  expect(client.answeredMessages).toBe(1)
  await client.close()
})

test('the guest is named when it is cut off', async () => {
  const { peer, client } = await synced({ limits: { junkBytes: 3 } })
  peer.say('xxx\n')
  expect(await client.closed).toMatchObject({ message: 'the guest sent 4 bytes that answer nothing' })
})
