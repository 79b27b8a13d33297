import { slotOf, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'

/**
 * Which CPU of the guest a vCPU turned out to be, as seen around changes of ours. Kept until the vCPU's device goes or the
 * guest is reset.
 */
export class ObservedIds {
  readonly #seen = new Map<number, { readonly guestId: number; readonly qomPath: string }>()

  /** Guest id by cpu-index. */
  get ids(): ReadonlyMap<number, number> {
    return new Map([...this.#seen].map(([index, { guestId }]) => [index, guestId]))
  }

  /** Remember that vCPU `index`, the one at `qomPath` in its slot, is the guest's CPU `guestId`. */
  note(index: number, guestId: number, qomPath: string): void {
    for (const [other, seen] of this.#seen) if (seen.guestId === guestId) this.#seen.delete(other)
    this.#seen.set(index, { guestId, qomPath })
  }

  /** Forget what is no longer so, by a fresh reading of the slots. */
  adopt(slots: readonly VcpuSlot[]): void {
    for (const [index, { qomPath }] of this.#seen) {
      if (slotOf(slots, index)?.qomPath !== qomPath) this.#seen.delete(index)
    }
  }

  clear(): void {
    this.#seen.clear()
  }
}
