import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Duplex, PassThrough } from 'node:stream'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { ConnectionError } from '../../../src/errors/peer-errors.ts'
import { memoryPair } from '../../../src/testing/index.ts'
import { LineChannel, type LineChannelOptions } from '../../../src/wire/line-channel.ts'
import { TURN_BYTES, TURNS_BETWEEN_PIECES } from '../../../src/wire/limits.ts'
import { loopShare } from '../../../src/wire/loop-share.ts'
import { WIRE_CHANNEL, type WireTraceEntry } from '../../../src/wire/trace.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

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
    onLine: (line) => void lines.push(Buffer.from(line).toString('latin1')),
    onClose: (cause) => causes.push(cause),
    ...more,
  })
  return { channel, near, far, lines, causes }
}

/** A Duplex whose other side is the test. */
function fakeDuplex(written: number[] = []) {
  return new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _, done) => {
      written.push(chunk.length)
      done()
    },
  })
}

// The next test begins in a turn of which nothing is used up.
afterEach(async () => {
  await nextTurn()
  expect(loopShare.isSpent).toBe(false)
})

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
    expect(written).toEqual([6])
    channel.send('d\n')
    channel.send('e\n')
    await settle()
    expect(written).toEqual([6, 4])
    channel.send('f\n')
    channel.send(Uint8Array.of(0xff))
    channel.send('g\n')
    await settle()
    expect(written).toEqual([6, 4, 2, 1, 2])
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

  test('names the VM where it has a name', async () => {
    const entries: WireTraceEntry[] = []
    const trace = (entry: WireTraceEntry) => void entries.push(entry)
    for (const more of [{ vm: 'web-1' }, {}]) {
      open({ trace, ...more }).channel.send('ask\n')
      await settle()
    }
    const bytes = Buffer.from('ask\n')
    expect(entries).toStrictEqual([
      { label: 'test', vm: 'web-1', direction: 'out', bytes },
      { label: 'test', direction: 'out', bytes },
    ])
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

describe('a share of the event loop', () => {
  const line = (name: string, bytes: number) => `${name}${'x'.repeat(bytes - 1 - name.length)}\n`

  test('what is beyond it waits for later turns, in order, and the peer waits too', async () => {
    const { near, far, lines, causes } = open({ maxMessageBytes: TURN_BYTES })
    const big = ['a', 'b', 'c', 'd'].map((name) => line(name, TURN_BYTES))
    near.emit('data', Buffer.from(`${big.join('')}e\n`))
    expect(lines.map((each) => each[0])).toEqual(['a'])
    expect(near.isPaused()).toBe(true)
    far.write('f\n')
    near.emit('data', Buffer.from('E\n'))
    for (const names of ['ab', 'abc', 'abcd']) {
      await nextTurn()
      expect(lines.map((each) => each[0]).join('')).toBe(names)
    }
    await settle()
    expect(lines.slice(4)).toEqual(['e', 'E', 'f'])
    expect(near.isPaused()).toBe(false)
    expect(causes).toEqual([])
  })

  test('is one for all channels: a flood on one leaves the others their turns', async () => {
    const flooded = open({ maxMessageBytes: TURN_BYTES })
    const other = open()
    flooded.near.emit('data', Buffer.from(line('a', TURN_BYTES).repeat(10)))
    other.near.emit('data', Buffer.from('hello\n'))
    expect([flooded.lines.length, other.lines]).toEqual([1, []])
    await nextTurn()
    await nextTurn()
    expect(other.lines).toEqual(['hello'])
    expect(flooded.lines.length).toBeLessThan(4)
    flooded.channel.close(new Error('enough'))
    await settle()
    expect(flooded.lines.length).toBeLessThan(4)
  })

  describe('of a long line of an agent', () => {
    const long = { maxMessageBytes: 10 * TURN_BYTES, spreadsLongLines: true }
    const piece = Buffer.alloc(TURN_BYTES, 'x')

    test('each piece beyond the first waits for turns of others', async () => {
      const { near, far, lines, causes } = open(long)
      const other = open()
      near.emit('data', piece)
      expect(near.isPaused()).toBe(false)
      for (let pieces = 0; pieces < 3; pieces++) {
        near.emit('data', piece)
        for (let turn = 0; turn < TURNS_BETWEEN_PIECES; turn++) {
          expect(near.isPaused()).toBe(true)
          other.near.emit('data', Buffer.from('reply\n'))
          await nextTurn()
        }
        expect(other.lines).toHaveLength((pieces + 1) * TURNS_BETWEEN_PIECES)
        expect(near.isPaused()).toBe(true)
        await nextTurn()
        expect(near.isPaused()).toBe(false)
      }
      far.write('end\n')
      await settle()
      expect(lines).toEqual([`${'x'.repeat(4 * TURN_BYTES)}end`])
      expect([causes, loopShare.waiting]).toEqual([[], 0])
    })

    test('what comes in the meantime is kept in its order', async () => {
      const { near, lines } = open(long)
      near.emit('data', Buffer.from(`${'x'.repeat(TURN_BYTES)}a`))
      for (const rest of ['b', 'c\nnext', '\nlast\n']) near.emit('data', Buffer.from(rest))
      for (let turn = 0; turn < 40; turn++) await nextTurn()
      expect(lines).toEqual([`${'x'.repeat(TURN_BYTES)}abc`, 'next', 'last'])
      expect([near.isPaused(), loopShare.waiting]).toEqual([false, 0])
    })

    test('closing between two pieces leaves nothing that waits', async () => {
      const { channel, near, lines } = open(long)
      near.emit('data', Buffer.from(`${'x'.repeat(TURN_BYTES)}a`))
      await nextTurn()
      expect(loopShare.waiting).toBe(1)
      channel.close(new Error('mine'))
      expect(loopShare.waiting).toBe(0)
      await settle()
      expect(lines).toEqual([])
    })
  })

  describe('of a line with steps left to do', () => {
    /** Each line that begins with `long` has two steps; each notes how often it ran. */
    function stepped(more: Partial<LineChannelOptions> = {}) {
      const steps: string[] = []
      function* two(line: Uint8Array): Generator<undefined, void> {
        steps.push(`first of ${line.length}`)
        yield
        steps.push(`second of ${line.length}, ends with ${String.fromCharCode(line.at(-1) ?? 0)}`)
      }
      const lines: string[] = []
      const onLine = (line: Uint8Array) => {
        const text = Buffer.from(line).toString()
        if (text.startsWith('long')) return two(line)
        lines.push(text)
        return undefined
      }
      return { ...open({ maxMessageBytes: 4 * TURN_BYTES, onLine, ...more }), lines, steps }
    }
    /** Until a step may run. */
    const turns = async () => {
      for (let turn = 0; turn <= TURNS_BETWEEN_PIECES; turn++) await nextTurn()
    }

    test('each step has a turn of its own, with turns of others before it', async () => {
      const { near, steps, lines } = stepped()
      const other = open()
      near.emit('data', Buffer.from('longer\nnext\n'))
      expect([steps, near.isPaused()]).toEqual([[], true])
      for (let turn = 0; turn < TURNS_BETWEEN_PIECES; turn++) {
        other.near.emit('data', Buffer.from('reply\n'))
        await nextTurn()
      }
      expect([steps, other.lines.length]).toEqual([[], TURNS_BETWEEN_PIECES])
      await nextTurn()
      expect(steps).toEqual(['first of 6'])
      await turns()
      expect(steps).toEqual(['first of 6', 'second of 6, ends with r'])
      // The last step used its turn up.
      expect([lines, near.isPaused()]).toEqual([[], true])
      await nextTurn()
      expect([lines, near.isPaused(), loopShare.waiting]).toEqual([['next'], false, 0])
    })

    test('the line stays as it is for them, and what comes meanwhile keeps its order', async () => {
      const { near, steps, lines } = stepped()
      const length = TURN_BYTES + 8
      near.emit('data', Buffer.from(`long${'x'.repeat(TURN_BYTES)}`))
      near.emit('data', Buffer.from('end!\nnext\nlong'))
      const other = open({ maxMessageBytes: 4 * TURN_BYTES })
      other.near.emit('data', Buffer.alloc(TURN_BYTES, 'y'))
      other.near.emit('data', Buffer.from('yyyyyyyy\n'))
      near.emit('data', Buffer.from(' one\nlast\n'))
      for (let turn = 0; turn < 60; turn++) await nextTurn()
      expect(steps).toEqual([
        `first of ${length}`,
        `second of ${length}, ends with !`,
        'first of 8',
        'second of 8, ends with e',
      ])
      expect(lines).toEqual(['next', 'last'])
      expect([near.isPaused(), loopShare.waiting]).toEqual([false, 0])
    })

    test.each(['end', 'close', 'error'])('are done before the peer’s %s', async (how) => {
      const { near, steps, causes } = stepped()
      near.emit('data', Buffer.from('long\n'))
      near.emit(how, new Error('broken'))
      near.emit('close')
      await turns()
      expect(causes).toEqual([])
      await turns()
      expect(steps).toEqual(['first of 4', 'second of 4, ends with g'])
      expect(causes).toHaveLength(1)
      expect(loopShare.waiting).toBe(0)
    })

    test('closing between two of them leaves nothing that waits', async () => {
      const { channel, near, steps, lines, causes } = stepped()
      near.emit('data', Buffer.from('long\nnext\n'))
      await turns()
      channel.close(new Error('mine'))
      expect(loopShare.waiting).toBe(0)
      for (let turn = 0; turn < 20; turn++) await nextTurn()
      expect([steps, lines, causes.map(String)]).toEqual([['first of 4'], [], ['Error: mine']])
    })

    test('one that closes the channel is the last', async () => {
      const mine = new Error('mine')
      const steps: number[] = []
      const { near, channel, causes, far } = open({
        *onLine(): Generator<undefined, void> {
          channel.close(mine)
          steps.push(1)
          yield
          steps.push(2)
        },
      })
      far.resume()
      near.emit('data', Buffer.from('one\ntwo\n'))
      for (let turn = 0; turn < 40; turn++) await nextTurn()
      expect([steps, causes, loopShare.waiting]).toEqual([[1], [mine], 0])
    })

    test('one that fails closes the channel with its cause', async () => {
      const bug = new Error('bug')
      const { near, causes } = open({
        onLine: () => ({
          next: () => {
            throw bug
          },
        }),
      })
      near.emit('data', Buffer.from('one\ntwo\n'))
      await turns()
      expect([causes, loopShare.waiting]).toEqual([[bug], 0])
    })
  })

  test('small lines cost no turn', () => {
    const { near, lines } = open()
    near.emit('data', Buffer.from('x\n'.repeat(1_000)))
    expect(lines).toHaveLength(1_000)
    expect(near.isPaused()).toBe(false)
  })

  test.each(['end', 'close', 'error'])('what was held is read before the peer’s %s', async (how) => {
    const { near, lines, causes } = open({ maxMessageBytes: TURN_BYTES })
    near.emit('data', Buffer.from(`${line('a', TURN_BYTES)}${line('b', TURN_BYTES)}c\nhalf`))
    near.emit(how, new Error('broken'))
    near.emit('close')
    expect(causes).toEqual([])
    await settle()
    expect(lines.map((each) => each[0])).toEqual(['a', 'b', 'c'])
    expect(causes).toMatchObject([{ code: 'ERR_CONNECTION_LOST' }])
    expect(causes[0]?.cause !== undefined).toBe(how === 'error')
    expect(near.destroyed).toBe(true)
  })

  test('what is passed over of a line that is too long is a part of it', async () => {
    const { near, lines } = open({
      maxMessageBytes: TURN_BYTES,
      onTooLong: (_, bytes) => lines.push(`too long: ${bytes}`),
    })
    const piece = Buffer.alloc(TURN_BYTES / 4, 'x')
    // Four of them may yet be a message; four more are a turn.
    let pieces = 0
    for (; pieces < 4; pieces++) near.emit('data', piece)
    expect(loopShare.isSpent).toBe(false)
    for (; !loopShare.isSpent && pieces < 8; pieces++) near.emit('data', piece)
    expect(loopShare.isSpent).toBe(true)
    near.emit('data', Buffer.from('xxx\nnext\n'))
    expect([near.isPaused(), lines]).toEqual([true, []])
    await settle()
    expect(lines).toEqual([`too long: ${pieces * piece.length + 3}`, 'next'])
  })

  test('nothing that was held is heard after closing', async () => {
    const { channel, near, lines } = open({ maxMessageBytes: TURN_BYTES })
    near.emit('data', Buffer.from(`${line('a', TURN_BYTES)}b\n`))
    channel.close(new Error('mine'))
    await settle()
    expect(lines).toHaveLength(1)
    expect(loopShare.waiting).toBe(0)
  })

  test('a held line may close it', async () => {
    const lines: string[] = []
    const { near, causes } = open({
      maxMessageBytes: TURN_BYTES,
      onLine: (each) => {
        lines.push(String(each[0]))
        if (lines.length === 2) throw new Error('enough')
      },
    })
    near.emit('data', Buffer.from(`${line('a', TURN_BYTES)}b\n`))
    near.emit('data', Buffer.from('c\n'))
    await settle()
    expect(lines).toHaveLength(2)
    expect(causes).toMatchObject([{ message: 'enough' }])
  })
})

describe('an unfinished message has its time', () => {
  function timed(more: Partial<LineChannelOptions> = {}) {
    const clock = new ManualClock()
    return { clock, ...open({ clock, lineMs: 1_000, ...more }) }
  }

  test('a drip of one byte after the other ends', async () => {
    const { clock, near, causes } = timed()
    for (let at = 0; at < 9; at++) {
      near.emit('data', Buffer.from('x'))
      await clock.advance(100)
    }
    expect(causes).toEqual([])
    near.emit('data', Buffer.from('x'))
    await clock.advance(100)
    expect(causes).toMatchObject([
      {
        name: 'ProtocolError',
        code: 'ERR_MESSAGE_TOO_SLOW',
        message: 'a message was begun and not ended within 1000 ms',
      },
    ])
    expect(clock.armed).toBe(0)
  })

  test('each message has its own', async () => {
    const { clock, near, causes, lines } = timed()
    near.emit('data', Buffer.from('on'))
    await clock.advance(900)
    near.emit('data', Buffer.from('e\ntw'))
    await clock.advance(900)
    near.emit('data', Buffer.from('o\nthree'))
    await clock.advance(999)
    expect(causes).toEqual([])
    expect(lines).toEqual(['one', 'two'])
    await clock.advance(1)
    expect(causes).toHaveLength(1)
  })

  test('a connection without one has no timer', async () => {
    const { clock, channel, near } = timed()
    expect(clock.armed).toBe(0)
    near.emit('data', Buffer.from('one\n'))
    expect(clock.armed).toBe(0)
    near.emit('data', Buffer.from('tw'))
    expect(clock.armed).toBe(1)
    near.emit('data', Buffer.from('o\n'))
    expect(clock.armed).toBe(0)
    near.emit('data', Buffer.from('three'))
    channel.close(new Error('mine'))
    await settle()
    expect(clock.armed).toBe(0)
  })

  test('of several lines, too', async () => {
    const held: string[] = []
    const { clock, near, causes } = timed({
      onLine: (line) => {
        const text = Buffer.from(line).toString()
        if (text === '}') held.length = 0
        else held.push(text)
      },
      isUnfinished: () => held.length > 0,
    })
    near.emit('data', Buffer.from('{\na\n}\n'))
    expect(clock.armed).toBe(0)
    near.emit('data', Buffer.from('{\n'))
    await clock.advance(600)
    near.emit('data', Buffer.from('a\n'))
    expect(clock.armed).toBe(1)
    await clock.advance(400)
    expect(causes).toMatchObject([{ code: 'ERR_MESSAGE_TOO_SLOW' }])
  })
})

test('what a peer does not read is bounded', () => {
  const stuck = new Duplex({ read: () => undefined, write: () => undefined })
  const { channel } = open({ unsentBytes: 100 }, [stuck, stuck])
  channel.checkRoom('x-a')
  channel.send('x'.repeat(99))
  channel.checkRoom('x-a')
  channel.send('x')
  expect(() => {
    channel.checkRoom('x-a')
  }).toThrow(
    expect.objectContaining({
      name: 'LimitError',
      code: 'ERR_TOO_MUCH_UNSENT',
      outcome: 'not-sent',
      message: 'x-a: test does not read: 100 bytes are unsent, the limit is 100',
    }) as Error,
  )
  const { channel: unbounded } = open({}, [stuck, stuck])
  unbounded.checkRoom('x-a')
})

test('what it does not read is counted in bytes, whatever characters they are', async () => {
  const written: Buffer[] = []
  const stuck = new Duplex({ read: () => undefined, write: (chunk: Buffer) => void written.push(chunk) })
  const { channel } = open({ unsentBytes: 100 }, [stuck, stuck])
  channel.send('\u00e4'.repeat(50))
  await settle()
  expect(written).toEqual([Buffer.from('\u00e4'.repeat(50))])
  expect(() => {
    channel.checkRoom('x-a')
  }).toThrow('100 bytes are unsent')
})
