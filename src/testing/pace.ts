/**
 * What takes time in a guest: until it looks at what QEMU asks, until it answers a plug, until the CPU is listed, until it
 * gives up what it was asked for, and until it has booted.
 */
export type PacedStep = 'look' | 'ost' | 'listing' | 'eject' | 'boot'

/** How long the guest's steps take. */
export interface Pace {
  /** Does time pass at all? */
  readonly isTimed: boolean
  /** Do `task` when the step is over. */
  after(step: PacedStep, task: () => void): void
}

/** The pace of a simulation without a clock: a tick until the guest looks, and then everything at once. */
export const withinTicks: Pace = {
  isTimed: false,
  after: (step, task) => {
    if (step === 'look') process.nextTick(task)
    else task()
  },
}
