import { OverflowError } from '../errors/overflow-error.ts'

/** How many unread events a stream holds unless told otherwise. */
const DEFAULT_EVENT_CAPACITY = 1024

/**
 * A bounded stream of events for one reader. It collects from the moment it is made, not from the first `next()`; it
 * ends when its source closes or the reader leaves, and fails with an {@link OverflowError} once the reader has fallen
 * behind by more than its capacity, in events or in their bytes.
 */
export class EventStream<T> implements AsyncIterableIterator<T> {
  readonly #capacity: number
  readonly #maxBytes: number
  readonly #onEnd: (stream: EventStream<T>) => void
  #queue: T[] = []
  /** How many bytes each of the queue came as, and all of them. */
  #sizes: number[] = []
  #bytes = 0
  #waiting: { resolve: (result: IteratorResult<T>) => void; reject: (error: Error) => void }[] = []
  #ended = false
  #failure: Error | undefined

  /**
   * @param capacity - most unread events held
   * @param onEnd - told once when the stream ends for any reason, so that its source can forget it
   * @param maxBytes - most bytes of unread events held
   */
  constructor(capacity: number, onEnd: (stream: EventStream<T>) => void, maxBytes = Infinity) {
    this.#capacity = capacity
    this.#maxBytes = maxBytes
    this.#onEnd = onEnd
  }

  /** Source side: hand over one event, which came as so many bytes. */
  push(event: T, bytes = 0): void {
    if (this.#ended) return
    const reader = this.#waiting.shift()
    if (reader !== undefined) {
      reader.resolve({ done: false, value: event })
    } else if (this.#queue.length >= this.#capacity) {
      this.end(new OverflowError(`the reader fell more than ${this.#capacity} events behind`))
    } else if (this.#bytes + bytes > this.#maxBytes) {
      this.end(new OverflowError(`the reader fell more than ${this.#maxBytes} bytes of events behind`))
    } else {
      this.#queue.push(event)
      this.#sizes.push(bytes)
      this.#bytes += bytes
    }
  }

  /** Source side: no more events. Those already held can still be read; then the stream ends, or fails with `failure`. */
  end(failure?: Error): void {
    if (this.#ended) return
    this.#ended = true
    // Told once: to who waits now, or to the next who asks.
    if (this.#waiting.length === 0) this.#failure = failure
    for (const reader of this.#waiting.splice(0)) {
      if (failure === undefined) reader.resolve({ done: true, value: undefined })
      else reader.reject(failure)
    }
    this.#onEnd(this)
  }

  /**
   * The next event, as soon as there is one.
   *
   * @throws {@link OverflowError} once, when the reader fell behind; or the error with which the source ended
   */
  next(): Promise<IteratorResult<T>> {
    const event = this.#queue.shift()
    if (event !== undefined) {
      this.#bytes -= this.#sizes.shift() ?? 0
      return Promise.resolve({ done: false, value: event })
    }
    if (!this.#ended) {
      return new Promise((resolve, reject) => {
        this.#waiting.push({ resolve, reject })
      })
    }
    const failure = this.#failure
    this.#failure = undefined
    return failure === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(failure)
  }

  /** Reader side: leave. `break` out of `for await` does this. */
  return(): Promise<IteratorResult<T>> {
    this.#queue = []
    this.#sizes = []
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  /** The stream itself: it has one reader. */
  [Symbol.asyncIterator](): this {
    return this
  }

  /** The same as {@link EventStream.return}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }
}

/** Hands each event to every stream that is open now, and ends them all together. */
export class EventHub<T> {
  /** Made for the first one: most hubs have none. */
  #streams: Set<EventStream<T>> | undefined
  readonly #maxBytes: number
  #listeners: Set<(event: T, bytes: number) => void> | undefined
  #ended = false

  /** @param maxBytes - most bytes of unread events that a stream holds */
  constructor(maxBytes = Infinity) {
    this.#maxBytes = maxBytes
  }

  /** Streams open now. */
  get size(): number {
    return this.#streams?.size ?? 0
  }

  /**
   * A stream of everything published from now on; one of a hub that has ended ends at once.
   *
   * @param first - what this stream has before that
   */
  subscribe(capacity: number = DEFAULT_EVENT_CAPACITY, first: readonly T[] = []): EventStream<T> {
    const stream = new EventStream<T>(capacity, (ended) => this.#streams?.delete(ended), this.#maxBytes)
    for (const event of first) stream.push(event)
    if (this.#ended) stream.end()
    else (this.#streams ??= new Set()).add(stream)
    return stream
  }

  /**
   * Have each event handed over as it is published, with no queue in between; what the listener throws is the publisher's.
   *
   * @returns ends it
   */
  listen(listener: (event: T, bytes: number) => void): () => void {
    const listeners = (this.#listeners ??= new Set())
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }

  /** @param bytes - what it came as */
  publish(event: T, bytes = 0): void {
    for (const listener of this.#listeners ?? []) listener(event, bytes)
    for (const stream of this.#streams ?? []) stream.push(event, bytes)
  }

  end(): void {
    this.#ended = true
    for (const stream of [...(this.#streams ?? [])]) stream.end()
  }
}
