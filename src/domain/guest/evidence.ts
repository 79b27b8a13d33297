import type { Deadline } from '../../wire/deadline.ts'
import type { VmState } from '../vm/state.ts'
import { sameDevices } from '../vm/device.ts'
import type { DatedReading } from '../vm/reading.ts'
import type { Vm } from '../vm/vm.ts'
import { readGuestView, type GuestView, type ViewOptions } from './guest-view.ts'

/** What QEMU and the guest showed at one moment, as nearly as two peers can be asked. */
export interface Evidence {
  readonly reading: DatedReading
  readonly view: GuestView
  /** QEMU ran the same devices before and after the guest was asked, in one boot and over one connection. */
  readonly isSteady: boolean
}

/**
 * Ask QEMU, then the guest. Where the guest does not say itself which vCPU a CPU is, QEMU is asked again, so that what
 * changed in between is seen.
 */
export async function takeEvidence(vm: Vm, deadline: Deadline, options: ViewOptions = {}): Promise<Evidence> {
  const reading = await vm.driver.read(deadline)
  const view = await readGuestView(vm, reading, deadline, options)
  if (view.exact !== undefined) return { reading, view, isSteady: true }
  const again = await vm.driver.read(deadline)
  return { reading: again, view, isSteady: isOneMoment(reading, again, vm.driver.state) }
}

function isOneMoment(one: DatedReading, other: DatedReading, { now }: VmState): boolean {
  return (
    one.askedAt.boot === now.boot && one.askedAt.connection === now.connection && sameDevices(one.slots, other.slots)
  )
}
