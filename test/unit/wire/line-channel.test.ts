import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Duplex, PassThrough } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import { ConnectionError } from '../../../src/errors/peer-errors.ts'
import { memoryPair } from '../../../src/testing/index.ts'
import { LineChannel, type LineChannelOptions } from '../../../src/wire/line-channel.ts'
import { WIRE_CHANNEL, type WireTraceEntry } from '../../../src/wire/trace.ts'

/** Long enough for everything that is on its way in this process to arrive. */
async function settle() {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

function open(more: Partial<LineChannelOptions> = {}, ends: readonly [Duplex, Duplex] = memoryPair()) {
  const [near, far] = ends
  const lines: string[] = []
  const causes: Error[] = []
  const channel = new LineChannel(near, {
    label: 'test',
    maxMessageBytes: 100,
    onLine: (line) => lines.push(Buffer.from(line).toString('latin1')),
    onClose: (cause) => causes.push(cause),
    ...more,
  })
  return { channel, near, far, lines, causes }
}

/** A Duplex whose other side is the test. */
function fakeDuplex(written: number[] = []) {
  return new Duplex({
    read: () => undefined,
    writev: (chunks, done) => {
      written.push(chunks.length)
      done()
    },
  })
}

describe('LineChannel', () => {
  test('carries lines in and out', async () => {
    const { channel, far, lines } = open()
    const heard: Buffer[] = []
    far.on('data', (bytes: Buffer) => heard.push(bytes))
    far.write('one\r\ntw')
    far.write(Uint8Array.from([0x6f, 0x0a, 0xff, 0x0a]))
    channel.send('out\n')
    channel.send(Uint8Array.of(0xff))
    await settle()
    expect(lines).toEqual(['one', 'two', '\xff'])
    expect(Buffer.concat(heard)).toEqual(Buffer.from([0x6f, 0x75, 0x74, 0x0a, 0xff]))
  })

  test('what is sent in one tick leaves as one', async () => {
    const written: number[] = []
    const { channel } = open({}, [fakeDuplex(written), fakeDuplex()])
    channel.send('a\n')
    channel.send('b\n')
    channel.send('c\n')
    expect(written).toEqual([])
    await settle()
    expect(written).toEqual([3])
    channel.send('d\n')
    channel.send('e\n')
    await settle()
    expect(written).toEqual([3, 2])
  })

  test('the peer’s end is the cause, told once', async () => {
    const { channel, far, near, causes } = open()
    far.end('last words\n')
    await settle()
    expect(causes).toMatchObject([{ name: 'ConnectionError', code: 'ERR_CONNECTION_LOST' }])
    expect(channel.cause).toBe(causes[0])
    expect(near.destroyed).toBe(true)
  })

  test('lines that came before the end are still heard', async () => {
    const { far, lines } = open()
    far.end('last words\nhalf')
    await settle()
    expect(lines).toEqual(['last words'])
  })

  test('a broken connection is the cause, with its own cause', async () => {
    const { near, causes } = open()
    const reset = new Error('read ECONNRESET')
    near.destroy(reset)
    await settle()
    expect(causes).toMatchObject([{ code: 'ERR_CONNECTION_LOST', cause: reset }])
  })

  test('the first cause wins', async () => {
    const { channel, near, far, causes } = open()
    const first = new ConnectionError('ERR_CLOSED', 'first')
    channel.close(first)
    channel.close(new Error('second'))
    far.end()
    near.emit('error', new Error('third'))
    await settle()
    expect(causes).toEqual([first])
    expect(channel.cause).toBe(first)
  })

  test('after closing it keeps no listener but the one for late errors, and sends nothing', async () => {
    const written: number[] = []
    const { channel, near } = open({}, [fakeDuplex(written), fakeDuplex()])
    channel.close(new Error('closed'))
    channel.send('late\n')
    await settle()
    expect(written).toEqual([])
    expect(['data', 'end', 'close', 'error'].map((name) => near.listenerCount(name))).toEqual([0, 0, 0, 1])
  })

  test('a line that closes it is the last one, though others came in the same piece', async () => {
    const lines: string[] = []
    const { channel, far, causes } = open({
      onLine: (line) => {
        lines.push(Buffer.from(line).toString())
        if (lines.length === 2) throw new Error('enough')
      },
    })
    far.write('a\nb\nc\nd\n')
    await settle()
    expect(lines).toEqual(['a', 'b'])
    expect(causes).toMatchObject([{ message: 'enough' }])
    expect(channel.cause).toBe(causes[0])
  })

  test('an owner that closes from within a line hears no more either', async () => {
    const lines: string[] = []
    const setUp = open({
      onLine: (line) => {
        lines.push(Buffer.from(line).toString())
        setUp.channel.close(new Error('mine'))
      },
    })
    setUp.far.write('a\nb\n')
    await settle()
    expect(lines).toEqual(['a'])
  })

  test('a message over the cap closes it', async () => {
    const { far, causes, lines } = open({ maxMessageBytes: 4 })
    far.write('1234\r\n12345')
    await settle()
    expect(lines).toEqual(['1234'])
    expect(causes).toMatchObject([{ code: 'ERR_MESSAGE_TOO_LARGE' }])
  })

  test('wants bytes', () => {
    const decoded = new PassThrough()
    decoded.setEncoding('utf8')
    for (const duplex of [decoded, new PassThrough({ objectMode: true })]) {
      expect(() => open({}, [duplex, duplex])).toThrow(
        expect.objectContaining({ name: 'InputError', code: 'ERR_STREAM', outcome: 'not-sent' }) as Error,
      )
      expect(duplex.listenerCount('data')).toBe(0)
    }
  })

  test('a Duplex that is over already says so', async () => {
    const gone = fakeDuplex()
    gone.destroy()
    const { causes } = open({}, [gone, gone])
    expect(causes).toEqual([])
    await settle()
    expect(causes).toMatchObject([{ code: 'ERR_CONNECTION_LOST' }])
  })

  test('a Duplex that its owner had paused is read', async () => {
    const ends = memoryPair()
    ends[0].pause()
    const { far, lines } = open({}, ends)
    far.write('hello\n')
    await settle()
    expect(lines).toEqual(['hello'])
  })
})

describe('the trace', () => {
  test('sees every byte in both directions, and so does the diagnostics channel', async () => {
    const entries: string[] = []
    const note = ({ label, direction, bytes }: WireTraceEntry) =>
      entries.push(`${label} ${direction} ${Buffer.from(bytes).toString()}`)
    const published: unknown[] = []
    const onPublish = (entry: unknown) => published.push(entry)
    subscribe(WIRE_CHANNEL, onPublish)
    const { channel, far } = open({ trace: note })
    channel.send('ask\n')
    await settle()
    far.write('ans')
    await settle()
    far.write('wer\n')
    await settle()
    unsubscribe(WIRE_CHANNEL, onPublish)
    expect(entries).toEqual(['test out ask\n', 'test in ans', 'test in wer\n'])
    expect(published).toHaveLength(3)
  })

  test.each(['in', 'out'])('one that throws at what goes %s closes the channel', async (which) => {
    const bug = new Error('the tracer is broken')
    const trace = vi.fn(({ direction }: WireTraceEntry) => {
      if (direction === which) throw bug
    })
    const { channel, far, causes } = open({ trace })
    // The far side may meet a closed connection.
    far.on('error', () => undefined)
    channel.send('x\n')
    far.write('y\n')
    await settle()
    expect(causes).toEqual([bug])
  })
})
