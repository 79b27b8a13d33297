import type { GuestMaps, Vcpu } from '../../index.ts'
import type { Session } from '../verb.ts'
import type { Snapshot } from './snapshot.ts'

/** The guest's side, as it was last seen. */
interface GuestSide {
  readonly maps: GuestMaps
  readonly byId: ReadonlyMap<number, Vcpu>
}

/**
 * Polls a VM. The guest is polled apart from QEMU: a mute one takes seconds to fail each time, and
 * must not hold up the snapshot of QEMU's side.
 */
export class VmPoller {
  readonly #session: Session
  readonly #onSnapshot: (snapshot: Snapshot) => void
  #vcpus: readonly Vcpu[] = []
  #guest: GuestSide | undefined
  #trouble: Error | null = null
  #isAskingGuest = false
  #failure: { readonly error: unknown } | undefined

  /** @param onSnapshot - is given each new snapshot, QEMU's side first and the guest's as it comes in */
  constructor(session: Session, onSnapshot: (snapshot: Snapshot) => void) {
    this.#session = session
    this.#onSnapshot = onSnapshot
  }

  /**
   * Poll once.
   *
   * @throws what `Domain.vcpus` does, of QEMU's side; what a snapshot of before could not be shown for
   */
  async poll(): Promise<void> {
    const { domain, hasAgent, each } = this.#session
    if (this.#failure !== undefined) throw this.#failure.error
    this.#vcpus = await domain.vcpus({ ...each(), guest: false })
    this.#show()
    if (!hasAgent || this.#isAskingGuest) return
    this.#pollGuest().catch((error: unknown) => {
      this.#failure ??= { error }
    })
  }

  /** What goes wrong on QEMU's side the next look tells. Rejects where the snapshot cannot be shown. */
  async #pollGuest(): Promise<void> {
    const { domain, each } = this.#session
    this.#isAskingGuest = true
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
    this.#show()
  }

  #show(): void {
    const { domain, io } = this.#session
    if (io.signal.aborted) return
    this.#onSnapshot({
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
