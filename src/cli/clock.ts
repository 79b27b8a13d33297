/** The time of day and timers, so that what depends on them can be tested without waiting. */
export interface Clock {
  readonly now: () => Date
  /** Call `task` once after `ms` milliseconds, unless the function returned is called before. */
  readonly after: (ms: number, task: () => void) => () => void
}

export const systemClock: Clock = {
  now: () => new Date(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms)
    return () => {
      clearTimeout(timer)
    }
  },
}
