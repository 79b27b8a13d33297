/** How often in a row a run may find that its steps have brought it no nearer. */
const MOST_STALLS = 3

/**
 * Watches whether a run comes nearer to its goal. A look after a step that shows as much left to do as before, or more, is
 * a stall; only to be nearer than ever makes up for them, so that every run ends whatever others do.
 */
export class Stalls {
  #best: number
  #last: number
  #count = 0

  /** @param left - how many steps there are to do */
  constructor(left: number) {
    this.#best = left
    this.#last = left
  }

  /** @param left - how many steps are left after one was carried out */
  isStuck(left: number): boolean {
    if (left < this.#best) this.#count = 0
    else if (left >= this.#last) this.#count++
    this.#best = Math.min(this.#best, left)
    this.#last = left
    return this.#count >= MOST_STALLS && left > 0
  }
}
