import { describe, expect, test, vi } from 'vitest'
import { TURN_BYTES, TURNS_BETWEEN_PIECES } from '../../../src/wire/limits.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { answer, answerSync, synced } from './kit.ts'

const list = Array.from({ length: 4_096 }, (_, id) => ({ 'logical-id': id, online: true, 'can-offline': id > 0 }))
const LIST = JSON.stringify(list)

/** So many turns of the loop. */
async function turns(count: number) {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Two messages with the list may take so many turns. */
const ENOUGH = (2 * Math.ceil(LIST.length / TURN_BYTES) + 6) * (TURNS_BETWEEN_PIECES + 2)

/** Wait until JSON.parse was given the list. */
async function decoded() {
  const parse = vi.spyOn(JSON, 'parse')
  try {
    const hasParsed = () => parse.mock.calls.some(([text]) => text.length > LIST.length)
    for (let turn = 0; !hasParsed() && turn < ENOUGH; turn++) await turns(1)
    expect(hasParsed()).toBe(true)
  } finally {
    parse.mockRestore()
  }
}

describe('a reply that is longer than a turn', () => {
  test('is decoded in one turn of the loop and given to its call in a later one', async () => {
    const { peer, client } = await synced()
    const settled = vi.fn()
    void client.execute('guest-get-vcpus').then(settled, settled)
    await answer(peer, LIST)
    await decoded()
    await turns(TURNS_BETWEEN_PIECES - 1)
    expect(settled).not.toHaveBeenCalled()
    await turns(ENOUGH)
    expect(settled.mock.calls).toEqual([[list]])
    expect([client.state, client.answeredMessages, client.droppedMessages]).toEqual(['synced', 1, 0])
    await client.close()
  })

  test.each([
    ['too wide', `[${'{},'.repeat(200_000)}{}]`, 'ERR_MESSAGE_TOO_COMPLEX'],
    ['no JSON', `${LIST}]`, 'ERR_PROTOCOL'],
    ['no list of vCPUs', JSON.stringify([...list, { 'logical-id': 'x' }]), 'ERR_PROTOCOL'],
  ])('and %s ends its call, and nothing else', async (_, json, code) => {
    const { peer, client } = await synced()
    const call = expect(client.execute('guest-get-vcpus')).rejects.toMatchObject({ name: 'ProtocolError', code })
    await answer(peer, json)
    await call
    const next = client.execute('x-next')
    if (client.state !== 'synced') await answerSync(peer)
    await answer(peer, '1')
    expect(await next).toBe(1)
    await client.close()
  })

  test('and was given up once it was decoded is a late answer', async () => {
    const clock = new ManualClock()
    const { peer, client } = await synced({ clock })
    const onLateReturn = vi.fn()
    const call = client.execute('x-ask', undefined, { timeoutMs: 5, onLateReturn })
    const given = expect(call).rejects.toThrow('5 ms')
    await answer(peer, LIST)
    await decoded()
    await clock.advance(5)
    await given
    await turns(ENOUGH)
    expect(onLateReturn.mock.calls).toEqual([[list]])
    expect([client.state, client.answeredMessages, client.droppedMessages]).toEqual(['unsynced', 0, 1])
    await client.close()
  })

  test('comes before the end of the channel that follows it', async () => {
    const { peer, client } = await synced()
    const call = client.execute('guest-get-vcpus')
    await answer(peer, LIST)
    peer.end()
    expect(await call).toEqual(list)
    expect(await client.closed).toMatchObject({ code: 'ERR_CONNECTION_LOST' })
  })

  test('and one behind it are given to their calls in order', async () => {
    const { peer, client } = await synced()
    const first = client.execute('x-first')
    await answer(peer, '1')
    await first
    const order: unknown[] = []
    const long = client.execute('guest-get-vcpus', undefined, { sendAhead: true }).then((value) => order.push(value))
    const short = client.execute('x-short', undefined, { sendAhead: true }).then((value) => order.push(value))
    const [a, b] = [await peer.command(), await peer.command()]
    peer.say(`{"return": ${LIST}, "id": ${a.id}}\n{"return": 2, "id": ${b.id}}\n`)
    await Promise.all([long, short])
    expect(order).toEqual([list, 2])
    await client.close()
  })
})
