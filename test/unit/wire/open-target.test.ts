import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { memoryPair } from '../../../src/testing/index.ts'
import { Deadline } from '../../../src/wire/deadline.ts'
import { pause } from '../../../src/wire/pause.ts'
import { listen } from '../../../src/wire/listen.ts'
import { openTarget, parseTarget } from '../../../src/wire/target.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const within = () => new Deadline({}, 60_000)

test('a Duplex leads to itself, a function to what it dials, an address to its peer', async () => {
  const [near] = memoryPair()
  expect(await openTarget(near, within())).toStrictEqual({ where: 'the Duplex given', duplex: near })
  expect(await openTarget(() => near, within())).toStrictEqual({ where: 'the endpoint given', duplex: near })
  const directory = await mkdtemp(join(tmpdir(), 'wire-'))
  const path = join(directory, 's')
  await using listener = await listen(path, () => undefined)
  const opened = await openTarget(`unix:${path},server=on`, within())
  expect(opened).toStrictEqual({ where: path, path, duplex: opened.duplex })
  expect(listener.address).toBe(path)
  opened.duplex.destroy()
  await using onTcp = await listen({ host: '127.0.0.1', port: 0 }, () => undefined)
  const { address } = onTcp
  if (typeof address === 'string') throw new Error('it listens at a path')
  const { duplex, ...rest } = await openTarget(address, within())
  expect(rest).toStrictEqual({ where: `127.0.0.1:${address.port}` })
  duplex.destroy()
  await rm(directory, { recursive: true })
})

test('an aborted signal opens nothing', async () => {
  const deadline = new Deadline({ signal: AbortSignal.abort('mine') }, 60_000)
  await expect(openTarget('/run/vm.sock', deadline)).rejects.toBe('mine')
})

test('a function that fails, or is too slow, is said so', async () => {
  const failing = () => Promise.reject(new Error('no route'))
  await expect(openTarget(failing, within())).rejects.toThrow('cannot connect: the function given failed: no route')
  const clock = new ManualClock()
  const slow = openTarget(() => new Promise(() => undefined), new Deadline({ timeoutMs: 50 }, 1, clock))
  const late = expect(slow).rejects.toThrow('cannot connect: the function given made no connection within 50 ms')
  await clock.advance(50)
  await late
})

test('the first port and the last one; nothing after a comma is an address', () => {
  expect(parseTarget('tcp:h:1')).toEqual({ host: 'h', port: 1 })
  expect(parseTarget('tcp:h:65535')).toEqual({ host: 'h', port: 65_535 })
  expect(() => parseTarget('tcp:a:b,tcp:h:1')).toThrow('invalid endpoint')
  const address = { host: 'h', port: 1 }
  expect(parseTarget(address)).toBe(address)
})

test('a pause needs no signal', async () => {
  const clock = new ManualClock()
  const waiting = pause(clock, 10)
  await clock.advance(10)
  await waiting
  expect(clock.armed).toBe(0)
})

test('dialMs bounds the dial, where it is shorter than the deadline', async () => {
  for (const [dialMs, timeoutMs, words] of [
    [20, 100, 'within 20 ms'],
    [100, 20, 'within 20 ms'],
  ] as const) {
    const clock = new ManualClock()
    const never = () => new Promise<never>(() => undefined)
    const opening = expect(openTarget(never, new Deadline({ timeoutMs }, 1, clock), dialMs)).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      message: expect.stringContaining(words) as unknown,
    })
    await clock.advance(20)
    await opening
    expect(clock.armed).toBe(0)
  }
})
