import { deviceIdOf } from '../../bitmap/machine/device-path.ts'
import { isPlugged, slotOf, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { foreignText } from '../../errors/quote.ts'
import { RefusedError } from '../errors.ts'
import type { Goal } from '../scale/goal.ts'
import { planStep, type Plan } from '../scale/plan-step.ts'
import { countPlugged, type PlanBasis } from '../scale/plan.ts'
import { propertyText, type VcpuDevice, type VcpuLayout } from './layout.ts'
import { parseLayout } from './parse-layout.ts'

/**
 * That a VM has the vCPUs of a layout, in the same slots and with the same device ids.
 *
 * @param given - a layout, or what `JSON.parse` makes of one
 */
export function layoutGoal(given: unknown): Goal {
  return {
    what: 'plugging the vCPUs of a layout',
    plan: (basis) => planLayout(basis, parseLayout(given)),
    mismatch: () => undefined,
  }
}

/**
 * The plugs that are missing, in the layout's order. Pure. vCPUs that were made by the other QEMU's `-smp` and are missing here
 * come first, and get a device id of their own.
 *
 * @throws {@link RefusedError} `ERR_NO_SUCH_VCPU`, `ERR_NO_HOTPLUG`; `ERR_LAYOUT` where the machines differ, or this one has
 * something else plugged
 */
function planLayout({ slots, noHotplug }: PlanBasis, { online, devices }: VcpuLayout): Plan {
  if (noHotplug !== undefined) {
    throw new RefusedError('ERR_NO_HOTPLUG', `this machine type has no vCPU hotplug (QEMU: ${noHotplug})`, 0)
  }
  const missing = online.difference(CpuMap.from(slots.flatMap(({ ids }) => [...ids])))
  const [stranger] = missing
  if (stranger !== undefined) {
    throw new RefusedError('ERR_NO_SUCH_VCPU', `this machine has no vCPU ${String(missing)} of the layout`, stranger)
  }
  for (const device of devices) requireSame(device, slotOf(slots, device.ids.first() ?? -1))
  const missingSteps = slots.flatMap((slot) => {
    const wanted = slot.ids.intersection(online)
    if (isPlugged(slot) && wanted.size === 0) throw differs(slot, 'is plugged here, and not in the layout')
    if (wanted.size > 0 && wanted.size < slot.count)
      throw differs(slot, `is one slot here, with ${String(wanted)} in the layout`)
    if (isPlugged(slot) || wanted.size === 0) return []
    const age = devices.findIndex(({ ids }) => ids.has(slot.firstId))
    const deviceId = devices[age]?.id ?? undefined
    return [{ age, step: { ...planStep(slot, true, 'in the layout'), ids: slot.ids, deviceId } }]
  })
  const steps = missingSteps.sort((a, b) => a.age - b.age).map(({ step }) => step)
  return { from: countPlugged(slots), to: online.size, steps }
}

function requireSame({ ids, driver, id, props }: VcpuDevice, slot: VcpuSlot | undefined): void {
  if (slot === undefined) return
  if (String(slot.ids) !== String(ids)) throw differs(slot, `is one slot here, and ${String(ids)} in the layout`)
  if (slot.type !== driver) throw differs(slot, `takes a ${slot.type} here, and a ${driver} in the layout`)
  if (textOf(slot.props) !== textOf(props)) {
    throw differs(slot, `is at ${textOf(slot.props)} here, and at ${textOf(props)} in the layout`)
  }
  if (slot.qomPath === null || id === null || deviceIdOf(slot.qomPath) === id) return
  throw differs(slot, `is plugged here as ${slot.qomPath}, and in the layout as ${id}`)
}

function differs({ ids, firstId }: VcpuSlot, how: string): RefusedError {
  return new RefusedError('ERR_LAYOUT', `vCPU ${String(ids)} ${foreignText(how)}`, firstId, ids)
}

/** The same text for the same properties, in whichever order they came. */
function textOf(props: VcpuSlot['props']): string {
  const members = Object.entries(props).map(([name, value]) => `${name}=${propertyText(value)}`)
  return members.sort().join(',')
}
