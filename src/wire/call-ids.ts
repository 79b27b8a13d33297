/** A call that was sent without an id: the only one whose answer may come without one. */
export const NO_ID = 0

/** Ids of one digit, while so many are enough. */
const SHORTEST = 9

/** Which calls need an id, and which one each gets: bytes that an old QEMU reads one by one (docs/wire-notes.md). */
export class CallIds {
  #last = NO_ID
  /** The greatest id so far that was used more than once; none is greater. */
  #greatest = SHORTEST
  #mayRepeat: boolean

  /**
   * @param isTrusted - the peer answers each call once and in order: a call that waits alone needs no id, and an id
   *   whose call was answered is free again. Otherwise every call has one of its own.
   */
  constructor(isTrusted = false) {
    this.#mayRepeat = isTrusted
  }

  /** More answers may come than calls wait: from now on every call has an id of its own. */
  distrust(): void {
    if (!this.#mayRepeat) return
    this.#mayRepeat = false
    this.#last = this.#greatest
  }

  /**
   * The id of the next call.
   *
   * @param waiting - the calls that wait, by id
   * @param mayOvertake - its answer may overtake that of another call
   */
  next(waiting: ReadonlyMap<number, unknown>, mayOvertake: boolean): number {
    if (!this.#mayRepeat) return ++this.#last
    if (waiting.size === 0 && !mayOvertake) return NO_ID
    while (waiting.size > this.#greatest / 2) this.#greatest = this.#greatest * 10 + 9
    do this.#last = (this.#last % this.#greatest) + 1
    while (waiting.has(this.#last))
    return this.#last
  }
}
