import fc from 'fast-check'
import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { QmpClient } from '../../../src/qmp/index.ts'
import { SimulatedQemu } from '../../../src/testing/index.ts'
import { testClock } from '../../support/passing-clock.ts'
import { ready, settle } from './kit.ts'

describe('replies find their calls', () => {
  test('by id, in any order', async () => {
    const { peer, client } = await ready()
    const answers = [client.execute('x-a'), client.execute('x-b'), client.execute('x-c')]
    const ids: (number | null)[] = []
    for (let at = 0; at < 3; at++) ids.push((await peer.command()).id)
    expect(new Set(ids).size).toBe(3)
    for (const id of [...ids].reverse()) peer.say(`{"return": "for ${id}", "id": ${id}}\r\n`)
    expect(await Promise.all(answers)).toEqual(ids.map((id) => `for ${id}`))
    expect(client.droppedMessages).toBe(0)
  })

  test('in any order and any pieces (fast-check)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }).chain((count) =>
          fc.record({
            order: fc.shuffledSubarray(
              Array.from({ length: count }, (_, at) => at),
              { minLength: count },
            ),
            piece: fc.integer({ min: 1, max: 60 }),
          }),
        ),
        async ({ order, piece }) => {
          const { peer, client } = await ready()
          const answers = order.map((_, at) => client.execute(`x-${at}`))
          const ids: (number | null)[] = []
          while (ids.length < order.length) ids.push((await peer.command()).id)
          const bytes = Buffer.from(order.map((at) => `{"id": ${ids[at] ?? null}, "return": ${at}}\r\n`).join(''))
          for (let at = 0; at < bytes.length; at += piece) peer.say(bytes.subarray(at, at + piece))
          expect(await Promise.all(answers)).toEqual(order.map((_, at) => at))
          await client.close()
        },
      ),
      { numRuns: 50 },
    )
  })

  test.each(['false', '0', '""', 'null', '{}', '[]'])('a return of %s is an answer', async (value) => {
    const { peer, client } = await ready()
    const answer = client.execute('x-ask')
    const { id } = await peer.command()
    peer.say(`{"return": ${value}, "id": ${id}}\r\n`)
    expect(await answer).toEqual(JSON.parse(value))
  })

  test('a late reply is dropped and counted, and nobody else takes it', async () => {
    const { peer, client } = await ready()
    const late = client.execute('x-slow', undefined, { timeoutMs: 5 })
    await expect(late).rejects.toMatchObject({ name: 'TimeoutError', outcome: 'unknown' })
    const { id } = await peer.command()
    const next = client.execute('x-next')
    const other = await peer.command()
    peer.say(`{"return": "late", "id": ${id}}\r\n{"return": "in time", "id": ${other.id}}\r\n`)
    expect(await next).toBe('in time')
    expect(client.droppedMessages).toBe(1)
    expect(client.state).toBe('ready')
  })

  test('replies without an id, with strange ids, and what is no reply at all are dropped and counted', async () => {
    const { peer, client } = await ready()
    const first = client.execute('x-first')
    const answer = client.execute('x-ask')
    await peer.command()
    const { id } = await peer.numbered()
    peer.say(
      '{"return": 0}\r\n{"return": 1}\r\n{"return": 2, "id": "x"}\r\n{"return": 3, "id": 99}\r\n{}\r\n{"other": 1}\r\n',
    )
    peer.say(`{"return": "mine", "id": ${id}}\r\n`)
    expect(await first).toBe(0)
    expect(await answer).toBe('mine')
    expect(client.droppedMessages).toBe(5)
  })

  test('an error without an id ends the oldest call, and it is not certain that it is its answer', async () => {
    const { peer, client } = await ready()
    const oldest = client.execute('x-a')
    const younger = client.execute('x-b')
    await peer.command()
    const { id } = await peer.command()
    peer.say(`{"error": {"class": "GenericError", "desc": "JSON parse error"}}\r\n{"return": 1, "id": ${id}}\r\n`)
    await expect(oldest).rejects.toMatchObject({ name: 'CommandError', command: 'x-a', outcome: 'unknown' })
    expect(await younger).toBe(1)
  })

  test('an error without an id, when nobody waits, is dropped', async () => {
    const { peer, client } = await ready()
    peer.say('{"error": {"class": "GenericError", "desc": "JSON parse error"}}\r\n')
    await settle()
    expect(client.droppedMessages).toBe(1)
    expect(client.state).toBe('ready')
  })
})

describe('a refused command', () => {
  test('rejects with QEMU’s class and words, and a stack that points at its caller', async () => {
    const qemu = new SimulatedQemu({ kind: 'x86' })
    const client = await QmpClient.connect(qemu.connect(), { clock: testClock() })
    async function whoAsked() {
      await client.execute('device_del', { id: 'gone' })
    }
    const error = await whoAsked().catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      name: 'CommandError',
      code: 'ERR_COMMAND',
      command: 'device_del',
      errorClass: 'DeviceNotFound',
      description: "Device 'gone' not found",
      message: "device_del: Device 'gone' not found",
      outcome: 'rejected',
    })
    expect((error as Error).stack).toContain('whoAsked')
  })
})

describe('nothing is sent', () => {
  test('when the signal was aborted before', async () => {
    const { peer, client } = await ready()
    const reason = new Error('mine')
    await expect(client.execute('stop', undefined, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    await settle()
    expect(peer.heard).toBe('')
  })

  test.each([
    ['a BigInt', { big: 1n }],
    [
      'a cycle',
      (() => {
        const cycle: Record<string, unknown> = {}
        cycle['self'] = cycle
        return cycle
      })(),
    ],
  ])('for %s', async (_, args) => {
    const { peer, client } = await ready()
    await expect(client.execute('x-ask', args)).rejects.toMatchObject({ code: 'ERR_ARGUMENTS', outcome: 'not-sent' })
    await settle()
    expect(peer.heard).toBe('')
  })

  test('for a time-out that no timer can hold, and out of band without oob', async () => {
    const { peer, client } = await ready()
    const notSent = { name: 'InputError', outcome: 'not-sent' }
    await expect(client.execute('stop', undefined, { timeoutMs: -1 })).rejects.toMatchObject(notSent)
    await expect(client.execute('stop', undefined, { oob: true })).rejects.toMatchObject(notSent)
    await settle()
    expect(peer.heard).toBe('')
  })

  test('after close()', async () => {
    const { client } = await ready()
    await client.close()
    await expect(client.execute('stop')).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'ERR_CLOSED',
      outcome: 'not-sent',
    })
  })
})

test('an abort on the way rejects with the signal’s reason and leaves nothing behind', async () => {
  const { peer, client } = await ready()
  const controller = new AbortController()
  const answer = client.execute('x-slow', undefined, { signal: controller.signal })
  const { id } = await peer.command()
  controller.abort('enough')
  await expect(answer).rejects.toBe('enough')
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  peer.say(`{"return": {}, "id": ${id}}\r\n`)
  await settle()
  expect(client.droppedMessages).toBe(1)
})

describe('the reply of a known command', () => {
  const cpu = '"cpu-index": 0, "qom-path": "/x", "thread-id": 1'
  test.each([
    ['query-cpus-fast', '{}', 'query-cpus-fast is {}, expected an array'],
    ['query-cpus-fast', `[{${cpu}}, {"cpu-index": "1"}]`, 'query-cpus-fast[1].cpu-index is "1"'],
    ['query-cpus-fast', `[{${cpu}, "props": []}]`, 'query-cpus-fast[0].props is [], expected an object'],
    ['query-cpus-fast', `[{${cpu.replace('0', '-1')}}]`, 'query-cpus-fast[0].cpu-index is -1'],
    ['query-hotpluggable-cpus', '[{"type": "t", "props": {}, "vcpus-count": 0}]', '[0].vcpus-count is 0'],
    ['query-hotpluggable-cpus', '[{"type": "t", "vcpus-count": 1}]', '[0].props is nothing, expected an object'],
    [
      'query-hotpluggable-cpus',
      '[{"type": "t", "props": {}, "vcpus-count": 1, "qom-path": null}]',
      '.qom-path is null',
    ],
    ['query-acpi-ospm-status', '[{"slot": 1}]', 'query-acpi-ospm-status[0].slot is 1'],
    ['query-status', '{"running": "yes"}', 'query-status.running is "yes"'],
    ['query-version', '{"qemu": {"major": 1e999}}', 'query-version.qemu.major'],
  ])('%s %s is refused, naming the place', async (command, value, words) => {
    const { peer, client } = await ready()
    const answer = client.execute(command)
    const { id } = await peer.command()
    peer.say(`{"return": ${value}, "id": ${id}}\r\n`)
    await expect(answer).rejects.toMatchObject({
      name: 'ProtocolError',
      message: expect.stringContaining(words) as unknown,
    })
    expect(client.state).toBe('ready')
  })

  test('members that we do not know are no harm, and props stay as they came', async () => {
    const { peer, client } = await ready()
    const answer = client.execute('query-hotpluggable-cpus')
    const { id } = await peer.command()
    const props = '{"core-id": 1, "new-id": {"deep": [true]}}'
    peer.say(`{"return": [{"type": "t", "props": ${props}, "vcpus-count": 1, "more": 1}], "id": ${id}}\r\n`)
    expect(await answer).toEqual([{ type: 't', 'vcpus-count': 1, props: { 'core-id': 1, 'new-id': { deep: [true] } } }])
  })

  test('a __proto__ among the props changes nobody’s prototype', async () => {
    const { peer, client } = await ready()
    const answer = client.execute('query-cpus-fast')
    const { id } = await peer.command()
    peer.say(`{"return": [{${cpu}, "__proto__": {"target": "evil"}}], "id": ${id}}\r\n`)
    const [first] = await answer
    expect(first?.target).toBeUndefined()
    expect(Object.getPrototypeOf(first)).toBe(Object.prototype)
  })
})
