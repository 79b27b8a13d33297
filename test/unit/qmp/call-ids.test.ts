import { describe, expect, test } from 'vitest'
import { ready, settle } from './kit.ts'

const parserError = '{"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}\r\n'
const refusal = '{"error": {"class": "GenericError", "desc": "no"}}\r\n'

describe('an id is sent when more than one answer may be on its way, and only then', () => {
  test('a lone command is the shortest that QEMU takes', async () => {
    const { peer, client } = await ready()
    for (const answer of ['{"return": {}}\r\n', refusal, '{"return": {}}\r\n']) {
      const call = client.execute('x-a').catch(() => undefined)
      expect(await peer.line()).toBe('{"execute":"x-a"}')
      peer.say(answer)
      await call
    }
    expect(client.droppedMessages).toBe(0)
  })

  test('a second one has a short id, whichever is answered first', async () => {
    const { peer, client } = await ready()
    const calls = ['x-a', 'x-b'].map((command) => client.execute(command, { of: command }))
    expect(await peer.line()).toBe('{"execute":"x-a","arguments":{"of":"x-a"}}')
    expect(await peer.line()).toBe('{"execute":"x-b","arguments":{"of":"x-b"},"id":1}')
    peer.say('{"return": "b", "id": 1}\r\n{"return": "a"}\r\n')
    expect(await Promise.all(calls)).toEqual(['a', 'b'])
  })

  test('ids of one digit come again', async () => {
    const { peer, client } = await ready()
    const seen = new Set<unknown>()
    for (let round = 0; round < 20; round++) {
      const calls = [client.execute('x-a'), client.execute('x-b')]
      await peer.command()
      const { id } = await peer.numbered()
      seen.add(id)
      peer.say(`{"return": 1}\r\n{"return": 2, "id": ${id}}\r\n`)
      expect(await Promise.all(calls)).toEqual([1, 2])
    }
    expect([...seen]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('from a call that was given up on, each command has one of its own', async () => {
    const { peer, client } = await ready()
    const controller = new AbortController()
    const given = client.execute('x-slow', undefined, { signal: controller.signal }).catch((reason: unknown) => reason)
    await peer.command()
    controller.abort('enough')
    expect(await given).toBe('enough')
    const next = client.execute('x-next')
    const { id } = await peer.numbered()
    // The late answer has no id, and is not the next command's.
    peer.say(`{"return": "late"}\r\n{"return": "in time", "id": ${id}}\r\n`)
    expect(await next).toBe('in time')
    expect(client.droppedMessages).toBe(1)
    const last = client.execute('x-last')
    expect((await peer.numbered()).id).toBeGreaterThan(id)
    await client.close()
    await expect(last).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  })

  test('a late refusal without an id is that of the call that was given up on, however many wait', async () => {
    const { peer, client } = await ready()
    const heard: string[] = []
    const late = client.execute('x-slow', undefined, { timeoutMs: 5_000, onReply: (kind) => heard.push(kind) })
    await expect(late).rejects.toMatchObject({ code: 'ERR_TIMEOUT', outcome: 'unknown' })
    await peer.command()
    const next = client.execute('x-next')
    const { id } = await peer.numbered()
    peer.say(`${refusal}{"return": 1, "id": ${id}}\r\n`)
    expect(await next).toBe(1)
    expect(heard).toEqual(['error'])
  })

  test('from an answer that no call waits for, too', async () => {
    const { peer, client } = await ready()
    peer.say('{"return": "what?"}\r\n')
    await settle()
    const call = client.execute('x-a')
    const { id } = await peer.numbered()
    peer.say(`{"return": 1, "id": ${id}}\r\n`)
    expect(await call).toBe(1)
  })

  test('an id that was never sent is nobody’s, 0 as well', async () => {
    const { peer, client } = await ready()
    const call = client.execute('x-a')
    await peer.command()
    peer.say('{"return": "other", "id": 0}\r\n{"return": "mine"}\r\n')
    expect(await call).toBe('mine')
    expect(client.droppedMessages).toBe(1)
  })
})

describe('an error without an id', () => {
  test('is the lone command’s, for certain', async () => {
    const { peer, client } = await ready()
    const call = client.execute('x-a')
    await peer.command()
    peer.say(refusal)
    await expect(call).rejects.toMatchObject({ name: 'CommandError', outcome: 'rejected' })
  })

  test('is not certain to be where QEMU could not parse a line', async () => {
    const { peer, client } = await ready()
    const call = client.execute('x-a')
    await peer.command()
    peer.say(`${parserError}{"return": {}}\r\n`)
    await expect(call).rejects.toMatchObject({ name: 'CommandError', outcome: 'unknown' })
    await settle()
    expect(client.droppedMessages).toBe(1)
    const next = client.execute('x-b')
    const { id } = await peer.numbered()
    peer.say(`{"return": 1, "id": ${id}}\r\n`)
    expect(await next).toBe(1)
  })
})
