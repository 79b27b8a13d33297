import { inBackground } from '../wire/background.ts'

/** Who has something to send, one piece after the other. */
export interface TurnTaker {
  /** Begins the next piece, if there is one. The promise resolves when that piece is over, and never rejects. */
  next(): Promise<void> | undefined
}

/**
 * Lets those who have something to send take turns, one piece each, so that one with a thousand waiting holds up another by
 * one. Of all of them no more than so many are under way at once.
 */
export class FairTurns {
  readonly #most: number
  readonly #waiting = new Set<TurnTaker>()
  #running = 0

  /** @param most - pieces under way at once */
  constructor(most: number) {
    this.#most = most
  }

  /** It has something to send. */
  ask(taker: TurnTaker): void {
    this.#waiting.add(taker)
    this.#run()
  }

  #run(): void {
    while (this.#running < this.#most) {
      const [taker] = this.#waiting
      if (taker === undefined) return
      // To the end of the row, unless it has nothing more.
      this.#waiting.delete(taker)
      const piece = taker.next()
      if (piece === undefined) continue
      this.#waiting.add(taker)
      this.#running++
      inBackground(
        'a turn',
        piece.then(() => {
          this.#running--
          this.#run()
        }),
      )
    }
  }
}
