/**
 * When something was. What is known of a VM carries one, and is dropped or asked again where its connection or its boot
 * is no longer the present one.
 */
export interface Moment {
  /** Which connection to the monitor: each greeting begins another. */
  readonly connection: number
  /** Which boot of the guest, as far as it was heard: a RESET and a new QEMU begin another. */
  readonly boot: number
  /** Counts what was noticed: of two moments the one with the larger tick is the later one. */
  readonly tick: number
  /** Counts the questions of one domain: of two that were asked at the same tick, the later one has the larger number. */
  readonly question?: number
}
