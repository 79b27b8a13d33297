import { timeoutOf } from '../../wire/call-options.ts'
import { Deadline } from '../../wire/deadline.ts'
import { requireConfidence, requireDeviceId, requireState } from '../check-input.ts'
import type { SetVcpuStateOptions, VcpuChange } from '../results.ts'
import type { Vm } from '../vm/vm.ts'
import { ChangeCall, type OnSend } from './call.ts'
import { changeVcpu } from './change-vcpu.ts'
import { Steps } from './steps.ts'

/** The guest's part takes seconds on a busy host (and under emulation): longer than libvirt's five. */
export const CHANGE_TIMEOUT_MS = 30_000

/**
 * Check what a call of `setVcpuState` was given, and carry it out.
 *
 * @param onSend - called before QEMU is asked
 * @throws see {@link Domain.setVcpuState}
 */
export async function setVcpuState(
  vm: Vm,
  id: number,
  online: boolean,
  options: SetVcpuStateOptions,
  onSend?: OnSend,
): Promise<VcpuChange> {
  requireState(id, online)
  const { wholeSlot = false, guest = false, rollback = false, leastConfidence = 'observed', deviceId } = options
  requireConfidence(leastConfidence)
  if (deviceId !== undefined) requireDeviceId(deviceId, online)
  if (guest) vm.requireAgent()
  const deadline = new Deadline(options, CHANGE_TIMEOUT_MS, vm.driver.clock)
  const rollbackTimeoutMs = timeoutOf({ timeoutMs: options.rollbackTimeoutMs }, deadline.timeoutMs)
  const request = { id, online, wholeSlot, guest, rollback, rollbackTimeoutMs, leastConfidence, deviceId }
  const steps = new Steps(deadline, vm.driver.ended.signal, options.onStep)
  return changeVcpu(new ChangeCall(vm, request, deadline, steps, onSend))
}
