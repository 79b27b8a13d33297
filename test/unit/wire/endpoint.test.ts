import { expect, test } from 'vitest'
import { memoryPair } from '../../../src/testing/index.ts'
import { connectOptions, isExecutor } from '../../../src/wire/endpoint.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const execute = () => Promise.resolve({})

test.each<[string, unknown]>([
  ['an object', { execute }],
  ['a function with a method', Object.assign(() => undefined, { execute })],
  ['one that has a port too', { execute, port: 4444 }],
  [
    'one that inherits the method',
    new (class {
      execute = execute
    })(),
  ],
])('an executor is what executes: %s', (_what, given) => {
  expect(isExecutor(given as never)).toBe(true)
})

test.each<[string, unknown]>([
  ['a path', '/run/vm.sock'],
  ['an address', { host: 'localhost', port: 4444 }],
  ['a Duplex', memoryPair()[0]],
  ['a function that dials', () => memoryPair()[0]],
])('a place to connect to is none: %s', (_what, given) => {
  expect(isExecutor(given as never)).toBe(false)
})

test.each([undefined, null, 7, true, {}, { host: 'localhost' }, []])('%j is neither', (given) => {
  expect(() => isExecutor(given as never)).toThrow(
    expect.objectContaining({
      name: 'InputError',
      code: 'ERR_ADDRESS',
      message: expect.stringContaining('a function that dials one, or an executor') as unknown,
    }) as Error,
  )
})

test('a client’s connect takes the options that were given, and no others', () => {
  const trace = () => undefined
  const clock = new ManualClock()
  expect(connectOptions({ connectTimeoutMs: 7 })).toStrictEqual({ timeoutMs: 7 })
  expect(connectOptions({ connectTimeoutMs: 7, trace, reconnect: false })).toStrictEqual({ timeoutMs: 7, trace })
  expect(connectOptions({ connectTimeoutMs: 7, clock })).toStrictEqual({ timeoutMs: 7, clock })
})
