import type { Clock } from '../wire/clock.ts'
import type { Pace, PacedStep } from './pace.ts'
import type { Random } from './random.ts'

/** From the shortest to the longest time that something takes, in milliseconds; each time one of them is drawn. */
export type TimeRange = readonly [minMs: number, maxMs: number]

/** How long what a VM does takes, where it has a clock. */
export interface VmTiming {
  /** QEMU's reply to a command. */
  readonly monitor: TimeRange
  /** The agent's. */
  readonly agent: TimeRange
  /** From `device_add` or `device_del` until the guest looks at it. */
  readonly look: TimeRange
  /** From there until its answer to a plug (`ACPI_DEVICE_OST`). */
  readonly ost: TimeRange
  /** From there until it lists the CPU. */
  readonly listing: TimeRange
  /** From the look at an unplug until the CPU is given up, or the request refused. */
  readonly eject: TimeRange
  /** From a reset until the guest and its agent are there. */
  readonly boot: TimeRange
  /** From the end of an agent until the next one is there. */
  readonly agentStart: TimeRange
}

/** Unless told otherwise: in the order of what real guests took (docs/wire-notes.md). */
export const DEFAULT_TIMING: VmTiming = {
  monitor: [0, 2],
  agent: [1, 20],
  look: [1, 15],
  ost: [1, 20],
  listing: [5, 60],
  eject: [5, 50],
  boot: [2_000, 5_000],
  agentStart: [100, 1_000],
}

/** Draws how long things take, and waits for them; without a clock nothing takes any time. */
export class Stopwatch {
  readonly #clock: Clock | undefined
  readonly #timing: VmTiming
  readonly #random: Random

  constructor(clock: Clock | undefined, timing: Partial<VmTiming>, random: Random) {
    this.#clock = clock
    this.#timing = { ...DEFAULT_TIMING, ...timing }
    this.#random = random
  }

  /** Milliseconds since the clock's beginning; 0 without one. */
  now(): number {
    return this.#clock?.now() ?? 0
  }

  /** How long it takes this time. */
  draw(what: keyof VmTiming): number {
    return this.#clock === undefined ? 0 : this.#random.integer(...this.#timing[what])
  }

  /** Do `task` after `ms`, or at once where that is no time. */
  after(ms: number, task: () => void): void {
    if (ms > 0 && this.#clock !== undefined) this.#clock.after(ms, task)
    else task()
  }

  /** Resolves after `ms`. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve)
    })
  }

  /** The pace of a guest, as long as it is `alive`; `undefined` without a clock. */
  pace(alive: () => boolean): Pace | undefined {
    const clock = this.#clock
    if (clock === undefined) return undefined
    return {
      isTimed: true,
      after: (step: PacedStep, task) => {
        // Never within the command that asked for it: its reply goes first.
        clock.after(this.draw(step), () => {
          if (alive()) task()
        })
      },
    }
  }
}
