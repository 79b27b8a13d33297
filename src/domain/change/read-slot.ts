import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import type { DatedReading } from '../vm/reading.ts'
import type { ChangeCall } from './call.ts'
import { pickSlot } from './pick-slot.ts'

/** The slot to change, by a reading. */
export interface SlotNow {
  readonly reading: DatedReading
  readonly slot: VcpuSlot
  /** It has the state that was asked for: nothing needs to be sent. */
  readonly isDone: boolean
}

/**
 * The slot to change. The reading after one change is the one before the next, where nothing was heard in between: QEMU
 * itself refuses to fill a filled slot and to remove what is gone. That there is nothing to do, it does not check: that is
 * read now.
 *
 * @param mustRead - no reading of before will do
 * @throws as {@link pickSlot}, and what a reading throws
 */
export async function readSlot(call: ChangeCall, mustRead = false): Promise<SlotNow> {
  const { vm, request, deadline } = call
  const current = mustRead ? undefined : vm.driver.current()
  if (current !== undefined) {
    const picked = pickSlot(current, request)
    if (!picked.isDone) return { reading: current, ...picked }
  }
  const reading = await vm.driver.read(deadline)
  return { reading, ...pickSlot(reading, request) }
}
