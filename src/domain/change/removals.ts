import { deviceIdOf } from '../../bitmap/machine/device-path.ts'
import { slotOf, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { ContradictionError } from '../../errors/contradiction-error.ts'
import { ConnectionError, TimeoutError } from '../../errors/peer-errors.ts'
import type { KnownQmpEvent } from '../../qmp/events.ts'
import type { QmpExecutor } from '../../qmp/executor.ts'
import { Deadline } from '../../wire/deadline.ts'
import { GuestRefusedError } from '../errors.ts'
import type { DomainEvent } from '../events.ts'
import { readSlots } from '../read-slots.ts'
import { Removal } from './removal.ts'

/** How long one look at the slots may take, in milliseconds. */
const LOOK_TIMEOUT_MS = 10_000

/** Who is told what the removals see. */
export interface RemovalsObserver {
  /** A reading of the slots, made to look after a removal. It must be passed on to {@link Removals.adopt}. */
  readonly onReading: (slots: readonly VcpuSlot[]) => void
  /** The end of a removal. */
  readonly onEnd: (event: DomainEvent) => void
}

/**
 * The removals under way in one VM. Each is watched until its end, also when the call that asked for it has given up:
 * a late removal is adopted, and a second request finds the first.
 */
export class Removals {
  readonly #qmp: QmpExecutor
  readonly #observer: RemovalsObserver
  readonly #bySlot = new Map<number, Removal>()

  constructor(qmp: QmpExecutor, observer: RemovalsObserver) {
    this.#qmp = qmp
    this.#observer = observer
  }

  /** The removal under way of the slot that holds `id`. */
  find(id: number): Removal | undefined {
    for (const removal of this.#bySlot.values()) {
      const { firstId, count } = removal.slot
      if (id >= firstId && id < firstId + count) return removal
    }
    return undefined
  }

  /** Watch a device that is about to be asked to go: before it is asked, so that no answer is missed. */
  begin(slot: VcpuSlot, qomPath: string): Removal {
    const removal = new Removal(slot, qomPath)
    this.#bySlot.set(slot.firstId, removal)
    void this.#watch(removal)
    return removal
  }

  /** End the watch of a request that QEMU did not take, or that may never have reached it. */
  drop(removal: Removal, error: Error): void {
    removal.onLost(error)
    this.#forget(removal)
    this.#observer.onEnd({ type: 'lost', ids: removal.ids, error })
  }

  onEvent(event: KnownQmpEvent): void {
    for (const removal of this.#bySlot.values()) removal.onEvent(event)
  }

  /** A fresh reading, whoever asked for it: what has gone has gone. */
  adopt(slots: readonly VcpuSlot[]): void {
    for (const removal of [...this.#bySlot.values()]) {
      if (slotOf(slots, removal.slot.firstId)?.qomPath === removal.qomPath) continue
      const late = removal.waiters === 0
      removal.onGone()
      this.#forget(removal)
      this.#observer.onEnd({ type: 'unplugged', ids: removal.ids, deviceId: deviceIdOf(removal.qomPath), late })
    }
  }

  /** The ids of all slots whose removal is under way. */
  pending(): CpuMap {
    return [...this.#bySlot.values()].reduce((ids, removal) => ids.union(removal.ids), CpuMap.empty)
  }

  /** End every watch. */
  close(error: Error): void {
    for (const removal of [...this.#bySlot.values()]) this.drop(removal, error)
  }

  async #watch(removal: Removal): Promise<void> {
    let lost = 0
    for (let lookedForMs = 0; ;) {
      await removal.untilNextLook(lookedForMs)
      if (removal.settled) return
      const startMs = performance.now()
      // What the guest had said before the look began: the look shows whether the device is still there.
      const { refusal } = removal
      const failure = await this.#look()
      if (failure === undefined) {
        lost = 0
        if (refusal !== undefined) this.#refuse(removal, refusal)
      } else if (isConnectionLost(failure) && lost++ === 0) {
        // It may have been the connection only: the next look makes another.
        removal.hint()
      } else if (!isPassing(failure)) {
        this.drop(removal, unknownOutcome(removal, failure))
      }
      lookedForMs = performance.now() - startMs
    }
  }

  #refuse(removal: Removal, refusal: string): void {
    if (removal.settled) return
    const late = removal.waiters === 0
    removal.onRefused(new GuestRefusedError(removal.ids, refusal))
    this.#forget(removal)
    this.#observer.onEnd({ type: 'refused', ids: removal.ids, reason: refusal, late })
  }

  /** Read the slots, and pass the reading on; what it failed with, if it failed. */
  async #look(): Promise<Error | undefined> {
    try {
      this.#observer.onReading((await readSlots(this.#qmp, new Deadline({}, LOOK_TIMEOUT_MS))).slots)
      return undefined
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  #forget(removal: Removal): void {
    if (this.#bySlot.get(removal.slot.firstId) === removal) this.#bySlot.delete(removal.slot.firstId)
  }
}

function isConnectionLost(failure: Error): boolean {
  return failure instanceof ConnectionError && failure.code === 'ERR_CONNECTION_LOST'
}

/** QEMU may be slow, or in the middle of it: the next look tells. Nothing else comes back by itself. */
function isPassing(failure: Error): boolean {
  return failure instanceof TimeoutError || failure instanceof ContradictionError
}

function unknownOutcome(removal: Removal, cause: Error): Error {
  if (!(cause instanceof ConnectionError)) return cause
  const message = `vCPU ${String(removal.ids)}: nobody can tell whether it was removed: ${cause.message}`
  return new ConnectionError('ERR_CONNECTION_LOST', message, { cause, outcome: 'unknown' })
}
