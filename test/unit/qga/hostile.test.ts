import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { QgaClient, VcpuError } from '../../../src/qga/index.ts'
import { testClock } from '../../support/passing-clock.ts'
import { answer, SENTINEL, ScriptedPeer, settle, synced } from './kit.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('a guest that does not stop talking is cut off', () => {
  test.each([
    ['well-formed replies', '{"return": {}, "id": 99}\n'],
    ['garbage', 'x\n'],
    ['empty lines', '\n'],
  ])('%s', async (_, line) => {
    const { peer, client } = await synced({ maxMessageBytes: 1_000 })
    peer.say(line.repeat(Math.floor(2_000 / line.length)))
    await settle()
    expect(client.state).toBe('synced')
    peer.say(line.repeat(2))
    expect(await client.closed).toMatchObject({
      name: 'ProtocolError',
      code: 'ERR_TOO_MUCH_JUNK',
      message: expect.stringContaining('bytes that answer nothing') as unknown,
    })
  })

  test('while it is out of step, too', async () => {
    const peer = new ScriptedPeer()
    const connecting = QgaClient.connect(peer.near, { maxMessageBytes: 1_000, clock: testClock() })
    await peer.command()
    peer.say('{"return": 1}\n'.repeat(200))
    await expect(connecting).rejects.toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      cause: { code: 'ERR_TOO_MUCH_JUNK' },
    })
  })

  test('but answers between start the count anew', async () => {
    const { peer, client } = await synced({ maxMessageBytes: 1_000 })
    for (let round = 0; round < 5; round++) {
      peer.say('x\n'.repeat(900))
      await settle()
      const call = client.execute('x-ask')
      await answer(peer, '1')
      await call
    }
    expect(client.droppedMessages).toBe(4_500)
    expect(client.state).toBe('synced')
  })

  test('one message over the cap and without an end', async () => {
    const { peer, client } = await synced({ maxMessageBytes: 1_000 })
    const call = client.execute('x-ask')
    await peer.command()
    peer.say(`{"return": "${'x'.repeat(4_000)}`)
    await expect(call).rejects.toMatchObject({ outcome: 'unknown', cause: { code: 'ERR_MESSAGE_TOO_LARGE' } })
    expect(client.state).toBe('closed')
  })
})

describe('every answer is checked', () => {
  const cpu = (id: string) => `[{"logical-id": ${id}, "online": true}]`
  test.each([
    ['guest-get-vcpus', cpu('-1'), 'logical-id is -1'],
    ['guest-get-vcpus', cpu('1.5'), 'logical-id is 1.5'],
    ['guest-get-vcpus', cpu('1e999'), 'logical-id is null'],
    ['guest-get-vcpus', cpu('9007199254740993'), 'logical-id is 9007199254740992'],
    ['guest-get-vcpus', cpu('"0"'), 'logical-id is "0"'],
    ['guest-get-vcpus', '[{"logical-id": 0, "online": 1}]', 'guest-get-vcpus[0].online is 1, expected true or false'],
    ['guest-get-vcpus', '[{"logical-id": 0, "online": true, "can-offline": null}]', 'can-offline is null'],
    ['guest-get-vcpus', '[{"__proto__": {"logical-id": 0, "online": true}}]', 'logical-id is nothing'],
    ['guest-get-vcpus', '{"length": 1}', 'expected an array'],
    ['guest-get-vcpus', `[${'0,'.repeat(70_000)}0]`, 'an array of at most'],
    ['guest-set-vcpus', '-1', 'guest-set-vcpus is -1'],
    ['guest-set-vcpus', '"1"', 'guest-set-vcpus is "1"'],
    ['guest-file-open', '0.5', 'guest-file-open is 0.5'],
    ['guest-file-read', '{"count": 1, "buf-b64": 7, "eof": true}', 'guest-file-read.buf-b64 is 7'],
    ['guest-info', '{"version": "1", "supported_commands": [{"name": 1}]}', 'supported_commands[0].name is 1'],
  ])('%s %#', async (command, json, words) => {
    const { peer, client } = await synced()
    const call = client.execute(command)
    await answer(peer, json)
    await expect(call).rejects.toMatchObject({
      name: 'ProtocolError',
      message: expect.stringContaining(words) as unknown,
    })
  })

  test('its words are cut and escaped', async () => {
    const { peer, client } = await synced()
    const call = client.execute('x-ask')
    const { id } = await peer.command()
    const desc = JSON.stringify(`\u001b]0;pwned\u0007\u202e${'A'.repeat(1_000)}`)
    peer.say(`{"error": {"class": "\\u0000", "desc": ${desc}}, "id": ${id}}\n`)
    const error = await call.catch((reason: unknown) => reason as Error)
    expect(error).toMatchObject({ name: 'CommandError', errorClass: '\\u{0}' })
    expect((error as Error).message).toMatch(/^x-ask: \\u\{1b\}\]0;pwned\\u\{7\}\\u\{202e\}A+… \(\d+ characters\)$/)
    expect((error as Error).message.length).toBeLessThan(300)
  })

  test('guest-info: names of commands are only names', async () => {
    const { peer, client } = await synced()
    const call = client.execute('guest-info')
    const command = (name: string) => `{"name": "${name}", "enabled": true}`
    await answer(
      peer,
      `{"version": "7\\u001b", "supported_commands": [${command('__proto__')}, ${command('guest-ping')}]}`,
    )
    const info = await call
    expect(info.version).toBe('7\\u{1b}')
    expect(info.supported_commands).toEqual([
      { name: '__proto__', enabled: true },
      { name: 'guest-ping', enabled: true },
    ])
  })
})

/** What a hostile agent puts between its answers: never the answer itself. */
const junk = fc.oneof(
  fc.uint8Array({ maxLength: 30 }),
  fc
    .constantFrom(
      '\n',
      '{"return": ',
      '{"return": "wrong", "id": 0}\n',
      '{"return": "wrong", "id": "1"}\n',
      '{"error": {"class": "X", "desc": "wrong"}, "id": -1}\n',
      '{"event": "X"}\n',
      '[]\nnull\n',
      '{"id": 3}\n',
      '\xff',
      '\xff{"return": 1}\n',
    )
    .map((text) => Uint8Array.from(Buffer.from(text, 'latin1'))),
)
/** Before a sync is answered anything goes, stale answers without an id included. */
const stale = fc.oneof(junk, fc.constant(Uint8Array.from(Buffer.from('{"return": "wrong"}\n'))))
const move = fc.record({
  before: fc.array(junk, { maxLength: 3 }),
  stale: fc.array(stale, { maxLength: 3 }),
  // Mostly it does answer, or little would happen.
  answers: fc.nat(4).map((odds) => odds > 0),
  syncs: fc.nat(9).map((odds) => odds > 0),
  piece: fc.integer({ min: 1, max: 40 }),
})

test('a hostile agent never makes a call resolve with what is not its answer, nor wait beyond its time', async () => {
  const timeoutMs = 1_000
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 6 }), async (moves) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'hrtime'] })
      const peer = new ScriptedPeer()
      const client = await QgaClient.connect(peer.near, { sync: false, maxMessageBytes: 2_000 })
      let at = 0
      const serve = async () => {
        for (;;) {
          const command = await peer.command()
          const { before, stale: left, answers, syncs, piece } = moves[at++ % moves.length] ?? fail()
          const isSync = command.execute === 'guest-sync-delimited'
          const reply = isSync
            ? [...SENTINEL, ...Buffer.from(`{"return": ${String(command.arguments?.['id'])}}\n`)]
            : [...Buffer.from(`{"return": "${command.execute}", "id": ${command.id}}\n`)]
          const bytes = Uint8Array.from([
            ...(isSync ? left : before).flatMap((each) => [...each]),
            ...((isSync ? syncs : answers) ? reply : []),
          ])
          for (let from = 0; from < bytes.length; from += piece) peer.say(bytes.subarray(from, from + piece))
        }
      }
      // It waits for commands for ever; the test's end takes it along.
      void serve()
      for (let round = 0; round < 2; round++) {
        const names = ['x-a', 'x-b', 'x-c'].map((name) => `${name}${round}`)
        let settled = 0
        const calls = names.map((name) =>
          client.execute(name, undefined, { timeoutMs }).finally(() => {
            settled++
          }),
        )
        const outcomes = Promise.allSettled(calls)
        for (let wait = 0; wait < 6; wait++) await settle()
        vi.advanceTimersByTime(timeoutMs + 1)
        for (let wait = 0; wait < 2; wait++) await settle()
        expect(settled).toBe(names.length)
        for (const [index, outcome] of (await outcomes).entries()) {
          if (outcome.status === 'fulfilled') expect(outcome.value).toBe(names[index])
          else expect(outcome.reason).toBeInstanceOf(VcpuError)
        }
      }
      await client.close()
      expect(vi.getTimerCount()).toBe(0)
    }),
    { numRuns: 200 },
  )
})

function fail(): never {
  throw new Error('no move')
}
