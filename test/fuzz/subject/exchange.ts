import {
  Call,
  currentCall,
  type Bounds,
  type End,
  type Owner,
  type Wish,
} from '../../stories/domain-over-simulated-vm/call.ts'

/** What one exchange is. */
export interface ExchangeOptions {
  /** The operation, for tables and people. */
  readonly name: string
  /** The longest that it may take, in milliseconds; what a change may take for undoing included. */
  readonly mostMs: number
  /** What it is to bring about, where it changes something. */
  readonly wish?: Wish | undefined
  readonly bounds?: Bounds
  readonly abortAfterMs?: number | undefined
  /** A run of the command, which never rejects. */
  readonly isCommand?: boolean
}

/** One call on the subject, and what became of it. */
export class Exchange {
  readonly name: string
  readonly mostMs: number
  readonly call: Call | undefined
  readonly isCommand: boolean
  readonly controller: AbortController
  readonly startMs: number
  /** What was so while it ran, as text: the plugged vCPUs, and the guest's CPUs that are on (by its own ids). */
  readonly plugged = new Set<string>()
  readonly running = new Set<string>()
  /** Resolves when it has ended, however. */
  readonly over: Promise<void>
  abortedAtMs: number | undefined
  endMs = 0
  end: End | undefined
  settlements = 0
  readonly #owner: Owner

  /**
   * Begin it.
   *
   * @param onEnd - called when it settles, each time
   */
  constructor(
    owner: Owner,
    options: ExchangeOptions,
    run: (signal: AbortSignal, call: Call | undefined) => PromiseLike<unknown>,
    onEnd: (exchange: Exchange) => void,
  ) {
    const { name, mostMs, wish, bounds = { timeoutMs: mostMs, undoMs: 0 }, abortAfterMs, isCommand = false } = options
    const { clock } = owner.stage
    this.#owner = owner
    this.name = name
    this.mostMs = mostMs
    this.isCommand = isCommand
    this.call = wish === undefined ? undefined : new Call(owner, name, wish, bounds)
    this.controller = this.call?.controller ?? new AbortController()
    this.startMs = clock.now()
    this.see()
    const timer =
      abortAfterMs === undefined
        ? undefined
        : clock.after(abortAfterMs, () => {
            this.#abort()
          })
    this.over = new Promise((resolve) => {
      const settle = (end: End): void => {
        owner.stage.history.observe()
        timer?.cancel()
        this.settlements++
        this.end ??= end
        this.endMs = clock.now()
        if (this.call !== undefined) this.call.end ??= end
        onEnd(this)
        resolve()
      }
      const begin = (): void => {
        this.#begin(run).then(
          (value) => {
            settle({ state: 'done', value })
          },
          (error: unknown) => {
            settle({ state: 'failed', error })
          },
        )
      }
      if (this.call === undefined) begin()
      else currentCall.run(this.call, begin)
    })
  }

  /** Something may have happened. */
  see(): void {
    const { history, vm } = this.#owner.stage
    this.plugged.add(textOf(history.plugged))
    this.running.add(textOf(vm.guest.seats.flatMap(({ logicalId, online }) => (online ? logicalId : []))))
    this.call?.watch()
  }

  /** What throws at once instead of rejecting is a rejection too, as for whoever awaits it. */
  #begin(run: (signal: AbortSignal, call: Call | undefined) => PromiseLike<unknown>): PromiseLike<unknown> {
    try {
      return run(this.controller.signal, this.call)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #abort(): void {
    this.abortedAtMs = this.#owner.stage.clock.now()
    if (this.call !== undefined) this.call.abortedAtMs = this.abortedAtMs
    this.controller.abort(new Error('enough'))
  }
}

/** A set of ids as text, ascending. */
export function textOf(ids: Iterable<number>): string {
  return [...ids].sort((a, b) => a - b).join()
}
