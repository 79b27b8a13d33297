import type { CallOptions, Domain, GuestMaps, Vcpu } from '../../index.ts'
import type { Snapshot } from './snapshot.ts'
import type { Source } from './source.ts'

/** The guest's side, as it was last seen. */
interface GuestSide {
  readonly maps: GuestMaps
  readonly byId: ReadonlyMap<number, Vcpu>
}

/** What a {@link VmPoller} polls, and for whom. */
export interface PollerOptions {
  readonly source: Source
  readonly hasAgent: boolean
  /** The bounds of each call. */
  readonly each: () => CallOptions
  /** Nothing is shown from then on. */
  readonly signal: AbortSignal
  /** Is given each new snapshot, QEMU's side first and the guest's as it comes in. */
  readonly onSnapshot: (snapshot: Snapshot) => void
}

/** With a shared monitor: how long the guest may hold it, in milliseconds, unless the user says otherwise. */
const GUEST_HOLDS_MS = 2_000
/** With a shared monitor: looks without the guest after one in which it was mute, which holds the monitor for seconds. */
const GUEST_RESTS = 10

/**
 * Polls a VM. The guest is polled apart from QEMU: a mute one takes seconds to fail each time, and
 * must not hold up the snapshot of QEMU's side.
 */
export class VmPoller {
  readonly #options: PollerOptions
  #vcpus: readonly Vcpu[] = []
  #guest: GuestSide | undefined
  #trouble: Error | null = null
  #isAskingGuest = false
  #isGuestDue = false
  #rests = 0
  #failure: { readonly error: unknown } | undefined

  constructor(options: PollerOptions) {
    this.#options = options
  }

  /**
   * Poll once.
   *
   * @throws what `Domain.vcpus` does, of QEMU's side; what a snapshot of before could not be shown for
   */
  async poll(): Promise<void> {
    const { source, hasAgent, each } = this.#options
    if (this.#failure !== undefined) throw this.#failure.error
    await source.use(async (domain) => {
      this.#vcpus = await domain.vcpus({ ...each(), guest: false })
      this.#show(domain)
      if (source.isShared && this.#wantsGuest()) await this.#pollGuest(domain)
    })
    if (source.isShared || !hasAgent) return
    // What made this look may have come after the guest was asked: it is asked once more.
    this.#isGuestDue = true
    if (this.#isAskingGuest) return
    source
      .use((domain) => this.#pollGuestWhileDue(domain))
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
  }

  #wantsGuest(): boolean {
    if (!this.#options.hasAgent) return false
    if (this.#trouble === null || this.#rests >= GUEST_RESTS) return true
    this.#rests++
    return false
  }

  async #pollGuestWhileDue(domain: Domain): Promise<void> {
    while (this.#isGuestDue && !this.#options.signal.aborted) {
      this.#isGuestDue = false
      await this.#pollGuest(domain)
    }
  }

  /** What goes wrong on QEMU's side the next look tells. Rejects where the snapshot cannot be shown. */
  async #pollGuest(domain: Domain): Promise<void> {
    const { source } = this.#options
    const each = (): CallOptions => {
      const call = this.#options.each()
      return source.isShared ? { ...call, timeoutMs: call.timeoutMs ?? GUEST_HOLDS_MS } : call
    }
    this.#isAskingGuest = true
    this.#rests = 0
    try {
      const vcpus = await domain.vcpus(each())
      const maps = await domain.getGuestMaps(each())
      this.#guest = { maps, byId: new Map(vcpus.map((vcpu) => [vcpu.id, vcpu])) }
      this.#trouble = null
    } catch (error) {
      this.#guest = undefined
      this.#trouble = error instanceof Error ? error : new Error(String(error))
    } finally {
      this.#isAskingGuest = false
    }
    this.#show(domain)
  }

  #show(domain: Domain): void {
    const { signal, onSnapshot } = this.#options
    if (signal.aborted) return
    onSnapshot({
      vcpus: this.#vcpus.map((vcpu) => ({ ...vcpu, guest: this.#guestOf(vcpu) })),
      guest: this.#guest?.maps ?? null,
      trouble: this.#trouble,
      pending: domain.pendingRemovals(),
    })
  }

  /** The guest's side of a vCPU, if it is still the same device that it was seen for. */
  #guestOf({ id, online, qomPath }: Vcpu): Vcpu['guest'] {
    if (this.#guest === undefined || !online) return null
    const seen = this.#guest.byId.get(id)
    // Plugged since the guest was asked.
    if (seen?.qomPath !== qomPath) return { id: null, online: null, confidence: 'unknown' }
    const { guest } = seen
    if (guest === null) return null
    // The maps were read a little later: the snapshot must not contradict itself.
    return guest.id === null ? guest : { ...guest, online: this.#guest.maps.online.has(guest.id) }
  }
}
