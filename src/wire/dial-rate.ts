/** Dials that begin in one turn of the event loop, by all connections of the process together. */
export const DIALS_A_TURN = 32

/**
 * Spreads many dials over turns of the event loop, in the order of asking: a daemon that connects to a thousand VMs at once goes
 * on serving the others meanwhile. It is the beginnings that are counted, so a host that does not answer holds up no other.
 */
export class DialRate {
  #begun = 0
  readonly #waiting: (() => void)[] = []
  #isTurnSet = false

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Resolves when the next dial may begin: at once, unless as many have begun in this turn as may. With fewer none waits. */
  async turn(): Promise<void> {
    if (this.#begun < DIALS_A_TURN) {
      this.#begin()
      return
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #begin(): void {
    this.#begun++
    if (this.#isTurnSet) return
    this.#isTurnSet = true
    setImmediate(this.#onTurn)
  }

  readonly #onTurn = (): void => {
    this.#isTurnSet = false
    this.#begun = 0
    for (const resolve of this.#waiting.splice(0, DIALS_A_TURN)) {
      this.#begin()
      resolve()
    }
  }
}

/** Of this process. */
export const dialRate = new DialRate()
