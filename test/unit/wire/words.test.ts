// What the errors of this room say to those who look after VMs, and the names that others rely on.
import { expect, test } from 'vitest'
import { ConnectionError } from '../../../src/errors/peer-errors.ts'
import { timeoutOf } from '../../../src/wire/call-options.ts'
import { encodeArguments, lostCall, settleCall } from '../../../src/wire/envelope.ts'
import { EventStream } from '../../../src/wire/event-stream.ts'
import { parseMessage } from '../../../src/wire/message.ts'
import { PendingCalls } from '../../../src/wire/pending-calls.ts'
import { dial } from '../../../src/wire/socket.ts'
import { WIRE_CHANNEL } from '../../../src/wire/trace.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { openCall } from './open-call.ts'

test('a time-out out of range', () => {
  expect(() => timeoutOf({ timeoutMs: 0 }, 7)).toThrow(
    'timeoutMs is 0, expected a number of milliseconds above 0 and up to 2147483647',
  )
})

test('arguments that JSON cannot carry', () => {
  expect(() => encodeArguments('stop', { big: 1n })).toThrow('stop: the arguments cannot be sent as JSON')
})

test('a line that is no message, with its cause where there is one', () => {
  const thrownBy = (text: string): unknown => {
    try {
      return parseMessage(Buffer.from(text))
    } catch (error) {
      return error
    }
  }
  expect(thrownBy('[1]')).toMatchObject({ message: 'not a JSON object: [1]' })
  expect(thrownBy('{')).toMatchObject({ message: 'not a line of JSON: {', cause: { name: 'SyntaxError' } })
})

test('a reader that fell behind', async () => {
  const stream = new EventStream<number>(1, () => undefined)
  stream.push(1)
  stream.push(2)
  await stream.next()
  await expect(stream.next()).rejects.toThrow('the reader fell more than 1 events behind')
})

test('leaving a stream says that it is over', async () => {
  expect(await new EventStream<number>(1, () => undefined).return()).toStrictEqual({ done: true, value: undefined })
})

test('a call is closed only where this side closed', () => {
  const lost = new ConnectionError('ERR_CONNECTION_LOST', 'gone')
  expect(lostCall('stop', 'unknown', lost)).toMatchObject({ code: 'ERR_CONNECTION_LOST', message: 'stop: gone' })
})

test('an error without an id is certain, unless its client says otherwise', async () => {
  const calls = new PendingCalls(new ManualClock())
  const { id, answer } = openCall(calls, { command: 'stop', timeoutMs: 50 })
  const ended = expect(answer).rejects.toMatchObject({ outcome: 'rejected' })
  settleCall(calls, { error: {} }, id)
  await ended
})

test('an address that none can have; the last port is one', async () => {
  await expect(dial({ host: '127.0.0.1', port: 65_536 })).rejects.toThrow(
    '127.0.0.1:65536 is not a TCP address, expected a host and a port from 1 to 65535',
  )
  await expect(dial({ host: 7 as never, port: 80 })).rejects.toMatchObject({ code: 'ERR_ADDRESS' })
  await expect(dial('x'.repeat(300))).rejects.toThrow(`the socket path "${'x'.repeat(200)}" has 300 bytes`)
  await expect(dial({ host: '127.0.0.1', port: 65_535 })).rejects.toMatchObject({ code: 'ERR_CONNECT' })
})

test('the diagnostics channel', () => {
  expect(WIRE_CHANNEL).toBe('qemu-vcpu:wire')
})
