import type { DomainEvent } from '../../index.ts'
import { AbortError } from '../../index.ts'
import { InterruptedError } from '../errors.ts'
import type { Change } from './change.ts'
import { keysIn } from './keys.ts'
import * as model from './model.ts'
import type { Screen } from './screen.ts'
import type { Show } from './show.ts'
import type { Snapshot } from './snapshot.ts'
import { view } from './view.ts'

/** What a {@link LivePicture} works with. */
export interface LiveOptions {
  readonly screen: Screen
  readonly hasAgent: boolean
  /** The time of day, `12:00:00`. */
  readonly time: () => string
  /** Carries a change out, and says what has become of it. */
  readonly carryOut: (change: Change) => Promise<string>
  /** The person wants it to end. */
  readonly onQuit: () => void
}

/** The picture on a terminal: draws each state of the model, and carries out what its keys ask for. */
export class LivePicture implements Show {
  readonly #options: LiveOptions
  #state = model.NOTHING_SEEN
  #running: Promise<void> = Promise.resolve()
  #isOver = false
  #unfinished: { readonly error: unknown } | undefined

  constructor(options: LiveOptions) {
    this.#options = options
    options.screen.enter(
      (input) => {
        this.#take(input)
      },
      () => {
        this.#draw()
      },
    )
    this.#draw()
  }

  snapshot(snapshot: Snapshot): void {
    this.#show(model.look(this.#state, snapshot, this.#options.time()))
  }

  event(event: DomainEvent): void {
    // Drawn with the look that it causes: events come without end.
    this.#state = model.hear(this.#state, event, this.#options.time())
  }

  blind(error: Error): void {
    this.#show(model.fail(this.#state, error, this.#options.time()))
  }

  /**
   * Give the terminal back, and wait for the change that is being carried out.
   *
   * @throws {@link InterruptedError} where it was left in the middle of a change that may be done or not
   */
  async end(): Promise<void> {
    this.#isOver = true
    this.#options.screen.leave()
    await this.#running
    if (this.#unfinished === undefined) return
    const { error } = this.#unfinished
    if (!(error instanceof AbortError)) throw error
    if (error.outcome !== 'not-sent') throw new InterruptedError(error.outcome)
  }

  #take(input: string): void {
    for (const pressed of keysIn(input)) {
      const { grid, asksInFull } = this.#view()
      // On a screen that is too small for the question there is nothing to say yes to.
      const key = pressed === 'yes' && !asksInFull ? 'no' : pressed
      const { state, change, end } = model.press(this.#state, key, grid.rows, this.#options.hasAgent)
      const asksNow = state.question !== undefined && state.question !== this.#state.question
      this.#state = state
      if (change !== undefined)
        this.#running = this.#carryOut(change).catch((error: unknown) => {
          // It could not be shown: what is next to be shown cannot be either.
          this.#unfinished ??= { error }
          this.#options.onQuit()
        })
      if (end === true) this.#options.onQuit()
      // A yes counts once its question has been seen: what was sent with the question is dropped.
      if (asksNow) break
    }
    this.#draw()
  }

  async #carryOut(change: Change): Promise<void> {
    const { carryOut, time } = this.#options
    try {
      const result = await carryOut(change)
      this.#show(model.finish(this.#state, change, result, time()))
    } catch (error) {
      if (this.#isOver) this.#unfinished = { error }
      this.#show(model.finishFailed(this.#state, change, error, time()))
    }
  }

  #show(state: model.WatchState): void {
    this.#state = state
    this.#draw()
  }

  #view(): ReturnType<typeof view> {
    const { screen } = this.#options
    return view(this.#state, { ...screen.size, hasKeys: screen.hasKeys })
  }

  #draw(): void {
    this.#options.screen.draw(this.#view().lines)
  }
}
