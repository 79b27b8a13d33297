/** A timer that has not fired yet. */
export interface Timer {
  /** It will not fire. Cancelling one that has fired, or was cancelled, does nothing. */
  cancel(): void
  /** It no longer keeps the process alive. */
  unref(): void
}

/**
 * Where time comes from. Every wait of this package goes by a clock that its caller may give, so that a test, or a
 * simulation of months, need not wait for real time.
 */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number
  /** Call `task` once, `ms` milliseconds from now, and never from within this call. */
  after(ms: number, task: () => void): Timer
}

/** The clock of this process: monotonic, and Node's own timers. */
export const systemClock: Clock = {
  // As fast as performance.now(), whose module takes Node more than half a millisecond to load.
  now: () => {
    const [seconds, nanoseconds] = process.hrtime()
    return seconds * 1e3 + nanoseconds / 1e6
  },
  after: (ms, task) => {
    const timer = setTimeout(task, ms)
    return {
      cancel: () => {
        clearTimeout(timer)
      },
      unref: () => {
        timer.unref()
      },
    }
  },
}
