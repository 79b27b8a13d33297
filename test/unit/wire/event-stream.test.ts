import { describe, expect, test } from 'vitest'
import { EventHub, EventStream } from '../../../src/wire/event-stream.ts'

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const each of stream) all.push(each)
  return all
}

describe('EventStream', () => {
  test('holds what came before it was read, from the moment of the call', async () => {
    const hub = new EventHub<number>()
    hub.publish(0)
    const stream = hub.subscribe()
    hub.publish(1)
    hub.publish(2)
    hub.end()
    expect(await collect(stream)).toEqual([1, 2])
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('readers that wait are served in order', async () => {
    const stream = new EventStream<string>(1, () => undefined)
    const both = [stream.next(), stream.next(), stream.next()]
    stream.push('a')
    stream.push('b')
    stream.end()
    expect(await Promise.all(both)).toEqual([
      { done: false, value: 'a' },
      { done: false, value: 'b' },
      { done: true, value: undefined },
    ])
  })

  test('is bounded: what was held can be read, then it fails, then it has ended', async () => {
    let ended = 0
    const stream = new EventStream<number>(2, () => ended++)
    for (const each of [1, 2, 3, 4]) stream.push(each)
    expect(ended).toBe(1)
    expect(await stream.next()).toEqual({ done: false, value: 1 })
    expect(await stream.next()).toEqual({ done: false, value: 2 })
    await expect(stream.next()).rejects.toMatchObject({ name: 'OverflowError', code: 'ERR_EVENT_OVERFLOW' })
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('is bounded in bytes, too: what was read makes room again', async () => {
    const stream = new EventStream<string>(10, () => undefined, 100)
    stream.push('a', 60)
    stream.push('b', 40)
    expect(await stream.next()).toMatchObject({ value: 'a' })
    stream.push('c', 60)
    stream.push('d', 1)
    stream.push('e', 0)
    expect(await stream.next()).toMatchObject({ value: 'b' })
    expect(await stream.next()).toMatchObject({ value: 'c' })
    await expect(stream.next()).rejects.toMatchObject({
      name: 'OverflowError',
      code: 'ERR_EVENT_OVERFLOW',
      message: 'the reader fell more than 100 bytes of events behind',
    })
    expect(await stream.next()).toMatchObject({ done: true })
  })

  test('what is handed to a reader that waits counts as read', async () => {
    const stream = new EventStream<string>(10, () => undefined, 100)
    for (const name of ['a', 'b', 'c']) {
      const waiting = stream.next()
      stream.push(name, 100)
      expect(await waiting).toMatchObject({ value: name })
    }
    stream.push('d', 100)
    expect(await stream.next()).toMatchObject({ value: 'd' })
    await stream.return()
  })

  test('a full stream has not overflowed', async () => {
    const stream = new EventStream<number>(2, () => undefined)
    stream.push(1)
    stream.push(2)
    stream.end()
    expect(await collect(stream)).toEqual([1, 2])
  })

  test('a failure is told once: to who waits, or to the next', async () => {
    const failure = new Error('broken')
    const waited = new EventStream<number>(2, () => undefined)
    const waiting = waited.next()
    waited.end(failure)
    await expect(waiting).rejects.toBe(failure)
    expect(await waited.next()).toMatchObject({ done: true })
    const unread = new EventStream<number>(2, () => undefined)
    unread.end(failure)
    await expect(unread.next()).rejects.toBe(failure)
    expect(await unread.next()).toMatchObject({ done: true })
  })

  test('ends once, whatever is pushed or ended afterwards', async () => {
    let ended = 0
    const stream = new EventStream<number>(2, () => ended++)
    stream.end()
    stream.end(new Error('late'))
    stream.push(1)
    expect(ended).toBe(1)
    expect(await collect(stream)).toEqual([])
  })
})

describe('EventHub', () => {
  test('forgets a reader that breaks off, overflows, or is disposed of', async () => {
    const hub = new EventHub<number>()
    const broken = hub.subscribe()
    hub.publish(1)
    for await (const each of broken) {
      expect(each).toBe(1)
      break
    }
    expect(hub.size).toBe(0)
    expect(await broken.next()).toMatchObject({ done: true })
    {
      await using stream = hub.subscribe()
      expect(stream[Symbol.asyncIterator]()).toBe(stream)
      expect(hub.size).toBe(1)
    }
    expect(hub.size).toBe(0)
    const slow = hub.subscribe(1)
    const quick = hub.subscribe()
    hub.publish(1)
    hub.publish(2)
    expect(hub.size).toBe(1)
    hub.publish(3)
    hub.end()
    expect(await collect(quick)).toEqual([1, 2, 3])
    await expect(collect(slow)).rejects.toMatchObject({ code: 'ERR_EVENT_OVERFLOW' })
  })

  test('a stream of a hub that has ended ends at once', async () => {
    const hub = new EventHub<number>()
    const before = hub.subscribe()
    const waiting = before.next()
    hub.end()
    hub.publish(1)
    expect(await waiting).toMatchObject({ done: true })
    expect(await collect(hub.subscribe())).toEqual([])
    expect(hub.size).toBe(0)
  })
})
