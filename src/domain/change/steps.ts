/**
 * What a change consists of, in the order in which it happens. `guest-acknowledged` is missing where the guest gives no
 * answer of its own (pseries, s390x), or gives it only after it has listed the vCPU.
 */
export type ChangeStepName =
  | 'offline-in-guest'
  | 'device_add'
  | 'device_del'
  | 'guest-acknowledged'
  | 'slot-filled'
  | 'slot-empty'
  | 'listed-in-guest'
  | 'online-in-guest'
  | 'undo'

/** One step of a change that was carried out. */
export interface ChangeStep {
  readonly step: ChangeStepName
  /** What was seen, in words. */
  readonly detail: string
  /** When, in milliseconds since the change began. */
  readonly atMs: number
}

/** The account of one change while it goes on. */
export class Steps {
  readonly #startMs = performance.now()
  readonly #done: ChangeStep[] = []
  readonly #onStep: ((step: ChangeStep) => void) | undefined

  /** @param onStep - told of each step as it is done */
  constructor(onStep?: (step: ChangeStep) => void) {
    this.#onStep = onStep
  }

  /** What has been done so far. */
  get done(): readonly ChangeStep[] {
    return [...this.#done]
  }

  note(step: ChangeStepName, detail: string): void {
    const done = { step, detail, atMs: Math.round(performance.now() - this.#startMs) }
    this.#done.push(done)
    this.#onStep?.(done)
  }
}
