import { ejectRefusal, isAboutSlot, OST_SOURCE, OST_STATUS } from '../../bitmap/machine/ost.ts'
import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import type { CpuMap } from '../../bitmap/set/cpu-map.ts'
import type { KnownQmpEvent } from '../../qmp/events.ts'

/** How often a removal that somebody waits for is looked at without a hint, in milliseconds: at first, and at last. */
const FIRST_LOOK_MS = 10
const LAST_LOOK_MS = 250
/** The same for one that nobody waits for any longer. */
const IDLE_LOOK_MS = 2_000

/** A wait between looks lasts at least this many times what a look does. */
const LOOK_SHARE = 4

/** How far a removal has come. `lost`: the connection that would have told ended. */
export type RemovalState = 'requested' | 'guest-working' | 'removed' | 'refused' | 'lost'

/**
 * One vCPU device on its way out, from the request until the slot is empty, the guest has refused, or the connection is
 * gone. The slot's own state is the truth; events only say when to look (docs/wire-notes.md).
 */
export class Removal {
  readonly slot: VcpuSlot
  readonly ids: CpuMap
  /** Where the device was when it was asked to go. */
  readonly qomPath: string
  /** Settles when it is removed (resolves), or refused or lost (rejects). */
  readonly ended: Promise<void>
  /** How many calls wait for it. */
  waiters = 0
  #state: RemovalState = 'requested'
  #resetSinceRequest = false
  #refusal: string | undefined
  #wake: () => void = () => undefined
  #hinted = false
  #nextLookMs = FIRST_LOOK_MS
  #resolve: () => void = () => undefined
  #reject: (error: Error) => void = () => undefined

  constructor(slot: VcpuSlot, qomPath: string) {
    this.slot = slot
    this.ids = slot.ids
    this.qomPath = qomPath
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Nobody may be waiting any longer when it ends.
    this.ended.catch(() => undefined)
  }

  get state(): RemovalState {
    return this.#state
  }

  /** Has it been removed, refused or lost? */
  get settled(): boolean {
    return this.#state === 'removed' || this.#state === 'refused' || this.#state === 'lost'
  }

  /** The guest's reason, when it has spoken one since the last look. */
  get refusal(): string | undefined {
    return this.#refusal
  }

  /**
   * Has the guest that was asked been reset since? QEMU keeps the request, but on x86 the guest only comes upon it at the
   * next hotplug of any vCPU (docs/wire-notes.md): whoever wants it now must ask again.
   */
  get resetSinceRequest(): boolean {
    return this.#resetSinceRequest
  }

  /** QEMU asks the guest again. */
  onAskedAgain(): void {
    this.#resetSinceRequest = false
    this.#state = 'requested'
  }

  /** Take in what an event says of this removal, if it says anything. */
  onEvent(event: KnownQmpEvent): void {
    switch (event.event) {
      case 'ACPI_DEVICE_OST': {
        const { info } = event.data
        if (!isAboutSlot(info, this.slot.firstId)) return
        // An earlier plug of this very slot, told late.
        if (info.source === OST_SOURCE.deviceCheck) return
        this.#refusal = ejectRefusal(info)
        if (this.#refusal === undefined && info.status !== OST_STATUS.success) this.#state = 'guest-working'
        break
      }
      case 'DEVICE_UNPLUG_GUEST_ERROR':
        if (event.data.path !== this.qomPath) return
        this.#refusal = 'it reported an error and gave no reason (DEVICE_UNPLUG_GUEST_ERROR)'
        break
      case 'DEVICE_DELETED':
        // Its children go first; either way it is time to look.
        if (event.data.path !== this.qomPath && !event.data.path.startsWith(`${this.qomPath}/`)) return
        break
      case 'RESET':
        this.#resetSinceRequest = true
        break
      case 'RESUME':
        break
      default:
        return
    }
    this.hint()
  }

  /** Look now: something happened. */
  hint(): void {
    this.#hinted = true
    this.#wake()
  }

  /** Somebody waits from now on: look soon, and often again. */
  join(): void {
    this.waiters++
    this.#nextLookMs = FIRST_LOOK_MS
    this.hint()
  }

  leave(): void {
    this.waiters--
  }

  /**
   * Until it is worth looking: a hint, or a while. The wait holds no process alive once nobody waits for the removal.
   *
   * @param lookedForMs - how long the last look took: on a machine of thousands of slots looking must not be all we do
   */
  async untilNextLook(lookedForMs: number): Promise<void> {
    if (!this.#hinted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(
          resolve,
          this.waiters > 0 ? Math.max(this.#nextLookMs, LOOK_SHARE * lookedForMs) : IDLE_LOOK_MS,
        )
        if (this.waiters === 0) timer.unref()
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#nextLookMs = Math.min(2 * this.#nextLookMs, LAST_LOOK_MS)
    }
    this.#hinted = false
    this.#wake = () => undefined
  }

  /** Take note of a fresh reading of the slot: it is empty, or holds another device by now. */
  onGone(): void {
    if (this.settled) return
    this.#state = 'removed'
    this.#resolve()
    this.hint()
  }

  /** The guest refused, and a look confirmed that the device is still there. */
  onRefused(error: Error): void {
    if (this.settled) return
    this.#state = 'refused'
    this.#reject(error)
    this.hint()
  }

  /** The connection that would have told is gone. */
  onLost(error: Error): void {
    if (this.settled) return
    this.#state = 'lost'
    this.#reject(error)
    this.hint()
  }
}
