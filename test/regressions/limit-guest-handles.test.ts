// A handle whose closing was not answered stayed open in the guest, whatever the agent did later.
import { expect, test } from 'vitest'
import { readGuestTexts } from '../../src/qga/read-files.ts'
import { readGuestFile } from '../../src/qga/index.ts'
import { Deadline } from '../../src/wire/deadline.ts'
import { ManualClock, settled } from '../support/manual-clock.ts'
import { answer, answerSync, synced, type ScriptedPeer } from '../unit/qga/kit.ts'

const content = (text: string) =>
  JSON.stringify({ count: text.length, 'buf-b64': Buffer.from(text).toString('base64'), eof: true })

/** A client whose clock stands still unless moved. */
async function setUp() {
  const clock = new ManualClock()
  return { clock, ...(await synced({ clock })) }
}

/** Answer the commands of a whole file; the handles that were closed. */
async function serveFile(peer: ScriptedPeer, handle: number): Promise<unknown[]> {
  const closed: unknown[] = []
  for (const done = new Set<string>(); done.size < 3;) {
    const command = await peer.command()
    const json = { 'guest-file-open': String(handle), 'guest-file-read': content('1'), 'guest-file-close': '{}' }[
      command.execute
    ]
    if (command.execute === 'guest-file-close') closed.push(command.arguments?.['handle'])
    if (command.execute !== 'guest-file-close' || closed.includes(handle)) done.add(command.execute)
    peer.say(`{"return": ${json ?? '{}'}, "id": ${command.id}}\n`)
  }
  return closed
}

test.each(['time-out', 'abort'])(
  'a read that ended by its %s while the agent hangs: closed when it answers again',
  async (how) => {
    const { clock, peer, client } = await setUp()
    const controller = new AbortController()
    const reading = expect(
      readGuestFile(client, '/f', { timeoutMs: 100, signal: controller.signal, clock }),
    ).rejects.toThrow()
    await answer(peer, '7')
    expect((await peer.command()).execute).toBe('guest-file-read')
    if (how === 'abort') controller.abort(new Error('enough'))
    await clock.advance(100)
    await reading
    // The sync that goes before the close is not answered either.
    expect((await peer.command()).execute).toBe('guest-sync-delimited')
    await clock.advance(60_000)
    expect(clock.armed).toBe(0)
    const next = readGuestFile(client, '/g', { clock })
    await answerSync(peer)
    expect(await serveFile(peer, 8)).toEqual([7, 8])
    expect(Buffer.from(await next).toString()).toBe('1')
    await settled()
    await client.close()
    expect(clock.armed).toBe(0)
  },
)

test('it is closed once, and not again with each file', async () => {
  const { clock, peer, client } = await setUp()
  const reading = expect(readGuestFile(client, '/f', { timeoutMs: 100, clock })).rejects.toThrow()
  await answer(peer, '7')
  await clock.advance(10_000)
  await reading
  await peer.command()
  await peer.command()
  for (const handle of [8, 9]) {
    const next = readGuestFile(client, '/g', { clock })
    if (handle === 8) await answerSync(peer)
    expect(await serveFile(peer, handle)).toEqual(handle === 8 ? [7, 8] : [9])
    await next
  }
  await client.close()
})

test('of a batch that failed half-way every handle is closed, and its caller does not wait for that', async () => {
  const { clock, peer, client } = await setUp()
  const opened: number[] = []
  const closed: unknown[] = []
  const serve = async () => {
    for (;;) {
      const { execute, id, arguments: args } = await peer.command()
      if (execute === 'guest-sync-delimited')
        peer.say(Buffer.from(`\xff{"return": ${String(args?.['id'])}}\n`, 'latin1'))
      if (execute === 'guest-file-open') peer.say(`{"return": ${opened.push(opened.length)}, "id": ${id}}\n`)
      if (execute !== 'guest-file-close') continue
      closed.push(args?.['handle'])
      peer.say(`{"return": {}, "id": ${id}}\n`)
    }
  }
  // It waits for commands for ever; the test's end takes it along.
  void serve()
  const controller = new AbortController()
  const deadline = new Deadline({ timeoutMs: 1_000, signal: controller.signal }, 1_000, clock)
  const batch = expect(readGuestTexts(client, ['/a', '/b', '/c'], 100, deadline, () => undefined)).rejects.toBe(
    'enough',
  )
  await settled()
  expect(opened).toHaveLength(3)
  controller.abort('enough')
  await batch
  await settled()
  expect(closed.sort()).toEqual([1, 2, 3])
  await client.close()
  expect(clock.armed).toBe(0)
})

test('a client that was closed is asked for nothing', async () => {
  const { clock, peer, client } = await setUp()
  const reading = expect(readGuestFile(client, '/f', { timeoutMs: 100, clock })).rejects.toMatchObject({
    code: 'ERR_CLOSED',
  })
  await answer(peer, '7')
  await peer.command()
  await client.close()
  await reading
  await settled()
  expect(clock.armed).toBe(0)
  await expect(readGuestFile(client, '/f', { clock })).rejects.toMatchObject({ outcome: 'not-sent' })
})
