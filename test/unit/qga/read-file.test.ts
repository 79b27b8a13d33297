import { describe, expect, test } from 'vitest'
import { QgaClient, readGuestFile, type QgaExecutor, type ReadGuestFileOptions } from '../../../src/qga/index.ts'
import { Refusal, SimulatedAgent, SimulatedGuest, type SimulatedAgentOptions } from '../../../src/testing/index.ts'
import { testClock } from '../../support/passing-clock.ts'
import { settle } from './kit.ts'

const PRESENT = '/sys/devices/system/cpu/present'

async function setUp(options: SimulatedAgentOptions = {}) {
  const guest = new SimulatedGuest({ kind: 'x86', vcpus: [0, 1], possible: 4 })
  const agent = new SimulatedAgent(guest, options)
  return { agent, client: await QgaClient.connect(agent.connect(), { clock: testClock() }) }
}

/** In virtual time. */
function read(executor: QgaExecutor, path: string, options: ReadGuestFileOptions = {}): Promise<Uint8Array> {
  return readGuestFile(executor, path, { clock: testClock(), ...options })
}

/** An agent that gives a file in these chunks. */
function giving(...chunks: readonly unknown[]) {
  const calls: string[] = []
  let next = 0
  const executor: QgaExecutor = {
    execute: (command) => {
      calls.push(command)
      if (command === 'guest-file-open') return Promise.resolve(7)
      if (command === 'guest-file-close') return Promise.resolve({})
      const chunk = chunks[next++]
      return chunk instanceof Error ? Promise.reject(chunk) : Promise.resolve(chunk)
    },
  }
  return { calls, executor }
}

const chunk = (text: string, eof = false) => ({
  count: text.length,
  'buf-b64': Buffer.from(text).toString('base64'),
  eof,
})

describe('readGuestFile', () => {
  test('reads and closes', async () => {
    const { agent, client } = await setUp()
    expect(Buffer.from(await read(client, PRESENT)).toString()).toBe('0-1\n')
    expect(agent.openHandles).toEqual([])
    expect(agent.commands.slice(1).map(({ command }) => command)).toEqual([
      'guest-file-open',
      'guest-file-read',
      'guest-file-close',
    ])
  })

  test('puts chunks together, until the end or an empty one', async () => {
    for (const last of [chunk('c', true), chunk('')]) {
      const { calls, executor } = giving(chunk('a'), chunk('b'), last)
      const content = Buffer.from(await read(executor, '/f')).toString()
      expect(content).toBe(last.eof ? 'abc' : 'ab')
      expect(calls.at(-1)).toBe('guest-file-close')
    }
  })

  test('a file that is not there, or may not be read', async () => {
    const { client } = await setUp()
    await expect(read(client, '/etc/none')).rejects.toMatchObject({ name: 'CommandError' })
    const blocked = await setUp({ blocked: ['guest-file-open'] })
    await expect(read(blocked.client, PRESENT)).rejects.toMatchObject({ errorClass: 'CommandNotFound' })
    const missing = await setUp({ missing: ['guest-file-open'] })
    await expect(read(missing.client, PRESENT)).rejects.toMatchObject({ errorClass: 'CommandNotFound' })
  })

  test('a file of exactly the cap, and of one byte more', async () => {
    const { executor } = giving(chunk('abcd', true))
    expect(await read(executor, '/f', { maxBytes: 4 })).toHaveLength(4)
    const more = giving(chunk('abc'), chunk('de', true))
    await expect(read(more.executor, '/f', { maxBytes: 4 })).rejects.toMatchObject({
      name: 'ProtocolError',
      message: expect.stringContaining('cap of 4 bytes') as unknown,
    })
    expect(more.calls).toEqual(['guest-file-open', 'guest-file-read', 'guest-file-read', 'guest-file-close'])
  })

  test('a file without end is cut off by the cap', async () => {
    const endless = giving(...Array.from({ length: 100 }, () => chunk('x'.repeat(1_000))))
    await expect(read(endless.executor, '/f', { maxBytes: 10_000 })).rejects.toThrow('cap of 10000 bytes')
    expect(endless.calls).toHaveLength(13)
  })

  test.each([
    ['counts that do not fit', { count: 3, 'buf-b64': 'YQ==', eof: true }, 'says 3 bytes'],
    ['no base64', { count: 2, 'buf-b64': '***', eof: true }, 'gives 0'],
    ['a negative count', { count: -1, 'buf-b64': '', eof: true }, 'count is -1'],
    ['no end', { count: 0, 'buf-b64': '' }, 'eof is nothing'],
    ['a refusal', new Refusal('gone'), 'gone'],
  ])('%s: rejects, and closes the handle all the same', async (_, reply, words) => {
    const { calls, executor } = giving(reply)
    await expect(read(executor, '/f')).rejects.toThrow(words)
    expect(calls).toEqual(['guest-file-open', 'guest-file-read', 'guest-file-close'])
  })

  test('an abort rejects at once, and the handle is closed behind it', async () => {
    const { agent, client } = await setUp()
    const controller = new AbortController()
    let goOn = (): void => undefined
    agent.onCommand('guest-file-read', async (_, usual) => {
      controller.abort('enough')
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
      return usual()
    })
    await expect(read(client, PRESENT, { signal: controller.signal })).rejects.toBe('enough')
    expect(agent.openHandles).toHaveLength(1)
    goOn()
    await settle()
    await client.execute('guest-ping')
    expect(agent.openHandles).toEqual([])
  })

  test('so does a time-out', async () => {
    const { agent, client } = await setUp()
    let goOn = (): void => undefined
    agent.onCommand('guest-file-read', async (_, usual) => {
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
      return usual()
    })
    await expect(read(client, PRESENT, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
    })
    goOn()
    await client.execute('guest-ping')
    expect(agent.openHandles).toEqual([])
  })
})
