import type { Deadline } from '../../wire/deadline.ts'
import type { Vcpu, VcpusOptions } from '../results.ts'
import type { DatedReading } from '../vm/reading.ts'
import type { Vm } from '../vm/vm.ts'
import { readGuestView, vcpuOfGuestCpu, type GuestView } from './guest-view.ts'
import { listVcpus } from './list-vcpus.ts'

/** Every vCPU, with the guest's side of it where there is an agent. See {@link Domain.vcpus}. */
export async function readVcpus(vm: Vm, deadline: Deadline, options: VcpusOptions): Promise<Vcpu[]> {
  const reading = await vm.driver.read(deadline)
  const asksGuest = options.guest !== false && vm.agent !== undefined
  return listVcpus(reading.slots, asksGuest ? await guestView(vm, reading, deadline, options) : undefined)
}

/** The vCPU that a CPU of the guest is. See {@link Domain.guestCpuToVcpu}. */
export async function readVcpuOfGuestCpu(
  vm: Vm,
  guestId: number,
  deadline: Deadline,
): Promise<Vcpu | null | undefined> {
  vm.requireAgent()
  const reading = await vm.driver.read(deadline)
  const view = await readGuestView(vm, reading, deadline)
  const id = await vcpuOfGuestCpu(vm, view, guestId, deadline)
  return id === null ? null : listVcpus(reading.slots, view).find((vcpu) => vcpu.id === id)
}

async function guestView(
  vm: Vm,
  reading: DatedReading,
  deadline: Deadline,
  { onGuestError }: VcpusOptions,
): Promise<GuestView | 'unknown'> {
  try {
    return await readGuestView(vm, reading, deadline)
  } catch (error) {
    // A caller's abort, a lost monitor and the domain's end are about more than the guest.
    const { driver } = vm
    if (onGuestError === undefined || deadline.signal?.aborted === true || !driver.state.isConnected) throw error
    driver.throwIfClosed()
    onGuestError(error)
    return 'unknown'
  }
}
