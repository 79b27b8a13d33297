import { apicIds, isX86, MAX_XAPIC_ID } from '../../bitmap/machine/apic-id.ts'
import { slotOf } from '../../bitmap/machine/vcpu-slot.ts'
import type { CallOptions } from '../../wire/call-options.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { changeGuestCpu } from '../change/change-guest-cpu.ts'
import { requireX2apic } from '../change/x2apic.ts'
import { RefusedError } from '../errors.ts'
import { takeEvidence } from '../guest/evidence.ts'
import { onlineIds } from '../guest/cpus.ts'
import { sideOf } from '../guest/guest-view.ts'
import { wayOut } from '../guest/way-out.ts'
import { isKnown } from '../results.ts'
import { openRemoval } from '../vm/state.ts'
import type { Vm } from '../vm/vm.ts'
import type { Look, ScaleMachine } from './machine.ts'
import type { PlanStep } from './plan-step.ts'
import { isSure } from './who-runs.ts'

/**
 * A domain as a run of several changes sees it.
 *
 * @param asksGuest - each look includes the guest's side
 * @param deadlineOf - the bounds of one reading
 * @param apply - carries out one step
 */
export function domainMachine(
  vm: Vm,
  asksGuest: boolean,
  deadlineOf: (options: CallOptions) => Deadline,
  apply: ScaleMachine['apply'],
): ScaleMachine {
  // The reading that a step ended with is the look after it, where nothing was heard since.
  let stepBegan: number | undefined
  return {
    look: (options) => {
      const after = stepBegan
      stepBegan = undefined
      return lookAt(vm, asksGuest, deadlineOf(options), after)
    },
    check: (steps, look, options) => requireX2apicFor(vm, steps, look, deadlineOf(options)),
    apply: async (step, options, onSend) => {
      const before = vm.driver.questions
      const result = await apply(step, options, onSend)
      stepBegan = before
      return result
    },
    turnOff: async (ids, { timeoutMs, leastConfidence = 'observed' }) => {
      const deadline = deadlineOf({ timeoutMs })
      const { view } = await takeEvidence(vm, deadline, { doubts: ids })
      for (const id of ids) {
        const side = sideOf(view, id)
        if (!isSure(side, leastConfidence)) {
          throw new RefusedError(
            'ERR_UNSURE',
            `which CPU of the guest vCPU ${id} is, is not known: it was not turned off; ${wayOut("scale without the guest's part")}`,
            id,
          )
        }
        if (isKnown(side)) await changeGuestCpu(vm, side.id, false, deadline)
      }
    },
  }
}

async function lookAt(vm: Vm, asksGuest: boolean, deadline: Deadline, after: number | undefined): Promise<Look> {
  const isRemovalOpen = (id: number): boolean => openRemoval(vm.driver.state, id) !== undefined
  if (!asksGuest) {
    const current = after === undefined ? undefined : vm.driver.current(after)
    deadline.signal?.throwIfAborted()
    return { ...(current ?? (await vm.driver.read(deadline))), isRemovalOpen }
  }
  const { reading, view } = await takeEvidence(vm, deadline)
  const guest = { running: onlineIds(view.cpus).size, sideOf: (id: number) => sideOf(view, id) }
  return { ...reading, guest, isRemovalOpen }
}

/** All slots of a machine take the same CPU model, so the first slot past the limit answers for all. */
async function requireX2apicFor(
  vm: Vm,
  steps: readonly PlanStep[],
  { slots, noHotplug, target }: Look,
  deadline: Deadline,
): Promise<void> {
  if (!isX86(target)) return
  const apicIdOf = apicIds(slots)
  for (const { id, online, part } of steps) {
    const slot = online && part === undefined ? slotOf(slots, id) : undefined
    if (slot === undefined || (apicIdOf(slot) ?? 0) <= MAX_XAPIC_ID) continue
    await requireX2apic(vm.driver.qmp, { slots, noHotplug, target }, slot, id, deadline)
    return
  }
}
