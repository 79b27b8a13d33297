import type { Duplex } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { memoryPair } from '../../../src/testing/index.ts'
import { Deadline } from '../../../src/wire/deadline.ts'
import { isConnected, openTarget, parseSocketAddress, parseTarget, socketPathOf } from '../../../src/wire/target.ts'
import { ManualClock } from '../../support/manual-clock.ts'

test.each([
  ['/run/vm.sock', '/run/vm.sock'],
  ['unix:/run/vm.sock', '/run/vm.sock'],
  ['unix:/run/vm.sock,server=on,wait=off', '/run/vm.sock'],
  ['unix:/run/a,,b.sock,server', '/run/a,b.sock'],
  ['tcp:127.0.0.1:4444', { host: '127.0.0.1', port: 4444 }],
  ['tcp:vm.example:4444,server=on,wait=off', { host: 'vm.example', port: 4444 }],
  ['tcp:[::1]:4444,server', { host: '::1', port: 4444 }],
  ['tcp::4444,server', { host: 'localhost', port: 4444 }],
  ['telnet:127.0.0.1:4444,server=on', { host: '127.0.0.1', port: 4444 }],
  ['tcp:a[b:4444', { host: 'a[b', port: 4444 }],
  ['tcp:a]b:4444', { host: 'a]b', port: 4444 }],
  ['./my-tcp:1:2', './my-tcp:1:2'],
])('%s', (text, address) => {
  expect(parseTarget(text)).toEqual(address)
  expect(parseSocketAddress(text)).toEqual(address)
  expect(socketPathOf(text)).toBe(typeof address === 'string' ? address : undefined)
})

test('an address as it is, a stream and a function are targets already', () => {
  const address = { host: 'h', port: 1 }
  const [near] = memoryPair()
  for (const target of [address, near, () => near]) expect(parseTarget(target)).toBe(target)
  expect(parseSocketAddress(address)).toBe(address)
  expect([address, near, () => near, '/run/vm.sock'].map(isConnected)).toEqual([false, true, false, false])
})

test.each(['unix:', 'unix:,server=on', 'tcp:', 'tcp:host', 'tcp:host:0', 'tcp:host:65536', 'tcp:host:x', 7, null, {}])(
  '%j is no endpoint, and the error says what is one',
  (given) => {
    expect(() => parseTarget(given as never)).toThrow(
      expect.objectContaining({
        name: 'InputError',
        code: 'ERR_ADDRESS',
        outcome: 'not-sent',
        message: expect.stringContaining(`${JSON.stringify(given)}, expected a socket path, unix:PATH`) as unknown,
      }) as Error,
    )
  },
)

test('a function that dials: its stream, its failure, and its slowness', async () => {
  const clock = new ManualClock()
  const [near] = memoryPair()
  const deadline = () => new Deadline({ timeoutMs: 50 }, 1, clock)
  expect((await openTarget(() => Promise.resolve(near), deadline())).duplex).toBe(near)
  const failure = new Error('no route')
  const failing = (): Duplex => {
    throw failure
  }
  await expect(openTarget(failing, deadline())).rejects.toMatchObject({ code: 'ERR_CONNECT', cause: failure })
  await expect(openTarget((() => 7) as never, deadline())).rejects.toMatchObject({ code: 'ERR_ADDRESS' })
  let arrive: (duplex: Duplex) => void = () => undefined
  const slow = openTarget(() => new Promise((resolve) => (arrive = resolve)), deadline())
  const refused = expect(slow).rejects.toMatchObject({ code: 'ERR_CONNECT' })
  await clock.advance(50)
  await refused
  const [late] = memoryPair()
  const destroy = vi.spyOn(late, 'destroy')
  arrive(late)
  await clock.advance(0)
  expect(destroy).toHaveBeenCalled()
  expect(clock.armed).toBe(0)
})
