import { Duplex, PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { LineChannel, type LineChannelOptions } from '../../../src/wire/line-channel.ts'
import { settled } from '../../support/manual-clock.ts'

/** A Duplex that a test ends by hand, and what was written to it. */
function open(more: Partial<LineChannelOptions> = {}, prepare: (duplex: Duplex) => void = () => undefined) {
  const written: unknown[] = []
  const duplex = new Duplex({
    autoDestroy: false,
    emitClose: false,
    read: () => undefined,
    write: (chunk, _encoding, done) => {
      written.push(chunk)
      done()
    },
  })
  prepare(duplex)
  const causes: Error[] = []
  const lines: string[] = []
  const channel = new LineChannel(duplex, {
    label: 'qmp',
    maxMessageBytes: 100,
    onLine: (line) => void lines.push(Buffer.from(line).toString()),
    onClose: (cause) => causes.push(cause),
    ...more,
  })
  return { duplex, channel, written, causes, lines }
}

test.each(['end', 'close'])('%s is the end, whichever comes', (event) => {
  const { duplex, causes } = open()
  duplex.emit(event)
  expect(causes).toMatchObject([{ message: 'qmp: the peer closed the connection' }])
})

test('what broke the connection is said', () => {
  const { duplex, causes } = open()
  duplex.emit('error', new Error('EPIPE'))
  expect(causes).toMatchObject([{ message: 'qmp: the connection broke: EPIPE' }])
})

test.each<[string, (duplex: Duplex) => void]>([
  ['was destroyed', (duplex) => duplex.destroy()],
  ['has ended', (duplex) => Object.defineProperty(duplex, 'readableEnded', { value: true })],
])('a Duplex that %s without a word is over', async (_what, prepare) => {
  const { causes } = open({}, prepare)
  await settled()
  expect(causes).toHaveLength(1)
})

test('one that is open is not', async () => {
  const { causes } = open()
  await settled()
  expect(causes).toEqual([])
})

test('a trace gets bytes, of text too, and nothing of what is sent after the end', async () => {
  const traced: unknown[] = []
  const { channel, written } = open({ trace: ({ bytes }) => traced.push(bytes) })
  channel.send('a\n')
  await settled()
  channel.close(new Error('over'))
  channel.send('b\n')
  await settled()
  expect(traced).toEqual([Buffer.from('a\n')])
  expect(traced[0]).toBeInstanceOf(Uint8Array)
  expect(written).toEqual([Buffer.from('a\n')])
})

test('what a trace fails at is neither sent nor heard', async () => {
  const trace = () => {
    throw new Error('broken')
  }
  const sending = open({ trace })
  sending.channel.send('a\n')
  await settled()
  expect(sending.written).toEqual([])
  const hearing = open({ trace })
  hearing.duplex.emit('data', Buffer.from('a\n'))
  expect(hearing.lines).toEqual([])
})

test('a stream of anything but bytes is refused, with the reason', () => {
  expect(() => {
    new LineChannel(new PassThrough({ objectMode: true }), {
      label: 'qmp',
      maxMessageBytes: 100,
      onLine: () => undefined,
      onClose: () => undefined,
    })
  }).toThrow('the Duplex must carry bytes: no object mode, no setEncoding()')
})
