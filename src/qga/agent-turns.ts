import { TimeoutError } from '../errors/peer-errors.ts'
import { bounded } from '../wire/bounded.ts'
import { systemClock, type Clock } from '../wire/clock.ts'
import type { Deadline } from '../wire/deadline.ts'

/** Most commands that may be unanswered at once. */
export const MAX_AHEAD = 32
/** Most bytes of unanswered commands: far less than a virtio port and its socket hold, so that sending never waits. */
export const MAX_AHEAD_BYTES = 16_384

/** What a command asks of the channel. */
export interface TurnClaim {
  /** It may be sent before those ahead of it are answered. */
  readonly ahead: boolean
  /** How long it is, in bytes. */
  readonly bytes: number
}

interface Waiting {
  readonly claim: TurnClaim
  readonly begin: () => void
}

/**
 * The turns of the agent's commands, in the order in which they came. A command runs alone, unless it may be sent ahead:
 * then up to {@link MAX_AHEAD} of its kind are under way together.
 */
export class AgentTurns {
  readonly #clock: Clock
  readonly #mayShare: () => boolean
  readonly #waiting: Waiting[] = []
  #running = 0
  #bytes = 0
  #isAlone = false

  /** @param mayShare - may several commands be under way at this moment? {@link check} looks again */
  constructor(mayShare: () => boolean, clock: Clock = systemClock) {
    this.#mayShare = mayShare
    this.#clock = clock
  }

  /** How many run or wait. */
  get length(): number {
    return this.#running + this.#waiting.length
  }

  /**
   * Run `task` when its turn comes. Waiting counts against its own deadline.
   *
   * @throws {@link TimeoutError} `outcome: 'not-sent'` when the deadline passes before that
   */
  async run<T>(deadline: Deadline, name: string, claim: TurnClaim, task: () => Promise<T>): Promise<T> {
    if (this.#waiting.length === 0 && this.#canBegin(claim)) {
      deadline.signal?.throwIfAborted()
      this.#begin(claim)
    } else {
      await this.#turnOf(deadline, name, claim)
    }
    try {
      return await task()
    } finally {
      this.#end(claim)
    }
  }

  /** Begin those that wait and may run by now. */
  check(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#canBegin(next.claim); next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#begin(next.claim)
      next.begin()
    }
  }

  async #turnOf(deadline: Deadline, name: string, claim: TurnClaim): Promise<void> {
    let begin = (): void => undefined
    const turn = new Promise<void>((resolve) => {
      begin = resolve
    })
    const waiting = { claim, begin }
    this.#waiting.push(waiting)
    try {
      await bounded(turn, {
        ...deadline.options(),
        clock: this.#clock,
        onTimeout: () =>
          new TimeoutError(`${name}: another command of the agent's did not end within ${deadline.timeoutMs} ms`, {
            outcome: 'not-sent',
          }),
      })
    } catch (error) {
      // Its turn may have come in the very moment in which it gave up.
      if (!this.#withdraw(waiting)) this.#end(claim)
      throw error
    }
  }

  /** @returns `false` when it waits no longer, because its turn has come */
  #withdraw(waiting: Waiting): boolean {
    const at = this.#waiting.indexOf(waiting)
    if (at < 0) return false
    this.#waiting.splice(at, 1)
    this.check()
    return true
  }

  #canBegin({ ahead, bytes }: TurnClaim): boolean {
    if (this.#running === 0) return true
    if (!ahead || this.#isAlone || !this.#mayShare()) return false
    return this.#running < MAX_AHEAD && this.#bytes + bytes <= MAX_AHEAD_BYTES
  }

  #begin({ ahead, bytes }: TurnClaim): void {
    this.#running++
    this.#bytes += bytes
    this.#isAlone = !ahead
  }

  #end({ bytes }: TurnClaim): void {
    this.#running--
    this.#bytes -= bytes
    this.check()
  }
}
