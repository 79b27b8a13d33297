// A Domain could not be given limits, and a client took NaN for a cap, so that there was none.
import type { Duplex } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { Domain, type DomainOptions } from '../../src/index.ts'
import { testClock } from '../support/passing-clock.ts'
import { vm } from '../support/simulated-vm.ts'

const limited = (limits: unknown) => ({ limits }) as Partial<DomainOptions>

test.each([
  [{ qmp: { depth: NaN } }, 'limits.qmp.depth is NaN, expected an integer from 1 to 100000'],
  [{ qga: { messageBytes: -1 } }, 'limits.qga.messageBytes is -1, expected an integer from 1 to 268435456'],
  [{ qga: { pending: '7' } }, 'limits.qga.pending is "7", expected an integer from 1 to 1000000'],
  [{ qmp: { lineMs: Infinity } }, 'limits.qmp.lineMs is Infinity, expected an integer from 1 to 2147483647'],
  [{ qmp: { eventBytes: 1.5 } }, 'limits.qmp.eventBytes is 1.5, expected an integer from 1 to'],
  [{ qga: { events: 5 } }, 'limits.qga has no limit "events", expected one of messageBytes, depth'],
  [{ qga: 5 }, 'limits.qga is 5, expected an object'],
  [{ monitor: {} }, 'limits has no member "monitor", expected one of maxHintsPerSecond, maxVcpus, qmp, qga'],
  ['small', 'limits is "small", expected an object'],
])('%j is refused before anything is opened', async (limits, words) => {
  const dial = vi.fn()
  await expect(
    Domain.connect({ qmp: dial, qga: () => dial() as unknown as Duplex, ...limited(limits) }),
  ).rejects.toMatchObject({
    name: 'InputError',
    code: 'ERR_LIMIT',
    outcome: 'not-sent',
    message: expect.stringContaining(words) as unknown,
  })
  expect(dial).not.toHaveBeenCalled()
})

test('each peer has its own, and a call above one fails alone', async () => {
  const { domain } = await vm({}, {}, { limits: { qga: { elements: 5 } } })
  await expect(domain.getGuestMaps()).rejects.toMatchObject({ name: 'ProtocolError', code: 'ERR_MESSAGE_TOO_COMPLEX' })
  expect(String(await domain.getVcpuMap())).toBe('0-1')
  const { domain: other } = await vm({}, {}, { limits: { qmp: { elements: 20 } } })
  await expect(other.getVcpuMap()).rejects.toMatchObject({ code: 'ERR_MESSAGE_TOO_COMPLEX' })
  expect(String((await other.getGuestMaps()).online)).toBe('0-1')
})

test('greetingMs is how long a monitor may take, unless the call has a timeoutMs', async () => {
  const clock = testClock()
  const never = () => new Promise<never>(() => undefined)
  for (const [options, words] of [
    [{ limits: { qmp: { greetingMs: 70 } } }, 'within 70 ms'],
    [{ limits: { qmp: { greetingMs: 70, dialMs: 30 } } }, 'within 30 ms'],
    [{ limits: { qmp: { greetingMs: 70 } }, timeoutMs: 90 }, 'within 90 ms'],
  ] as const) {
    await expect(Domain.connect({ qmp: never, clock, ...options })).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      message: expect.stringContaining(words) as unknown,
    })
  }
})
