import { Refusal } from './refusal.ts'
import type { SimulatedGuest } from './simulated-guest.ts'

/** After these QEMU wants a reset before it runs the guest again. */
const NEEDS_RESET: ReadonlySet<string> = new Set(['shutdown', 'internal-error'])

/** Whether the guest runs, and why not: the words of `query-status`. */
export class RunState {
  readonly #guest: SimulatedGuest
  readonly #emit: (event: string, data?: object) => void
  #status = 'running'

  /** @param paused - it was started with `-S`, and has not begun */
  constructor(guest: SimulatedGuest, emit: (event: string, data?: object) => void, paused = false) {
    this.#guest = guest
    this.#emit = emit
    if (paused) this.#status = 'prelaunch'
  }

  get status(): string {
    return this.#status
  }

  get isRunning(): boolean {
    return this.#status === 'running'
  }

  /** Somebody stops the guest. One that has stopped already stays as it is, as in QEMU. */
  stop(): void {
    this.#stop('paused')
  }

  /** The guest panics, and QEMU keeps it (`-action panic=pause`). */
  panic(): void {
    this.#stop('guest-panicked', 'GUEST_PANICKED', { action: 'pause' })
  }

  /** The guest turns itself off, and QEMU stays (`-no-shutdown`). */
  shutdown(): void {
    this.#stop('shutdown', 'SHUTDOWN', { guest: true, reason: 'guest-shutdown' })
  }

  /** @throws {@link Refusal} where only a reset helps */
  resume(): void {
    if (NEEDS_RESET.has(this.#status)) throw new Refusal('Resetting the Virtual Machine is required')
    if (this.isRunning) return
    this.#status = 'running'
    this.#emit('RESUME')
    this.#guest.resume()
  }

  #stop(status: string, cause?: string, data?: object): void {
    // What stands still does nothing by itself.
    if (!this.isRunning) return
    if (cause !== undefined) this.#emit(cause, data)
    this.#status = status
    this.#guest.pause()
    this.#emit('STOP')
  }

  /** A machine that was reset while it stood still has not begun yet. */
  afterReset(): void {
    if (!this.isRunning) this.#status = 'prelaunch'
  }
}
