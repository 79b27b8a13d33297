import { MAX_XAPIC_ID } from '../bitmap/machine/apic-id.ts'
import type { CommandArguments } from './command-hooks.ts'
import type { MachinePlan, SlotPlan } from './machine-description.ts'
import { Refusal } from './refusal.ts'

/**
 * The slot that a `device_add` asks for.
 *
 * @throws {@link Refusal} in QEMU's words: the slot's `type` and every one of its `props` must be given, and nothing else
 */
export function slotOfArguments(plan: MachinePlan, args: CommandArguments, id: string | undefined): SlotPlan {
  const { driver } = args
  if (typeof driver !== 'string') throw new Refusal("Parameter 'driver' is missing")
  const [sample] = plan.slots
  if (sample?.type !== driver) {
    throw driver.endsWith('-cpu') || driver.endsWith('-core')
      ? new Refusal(`Invalid CPU type, expected cpu type: '${sample?.type ?? ''}'`)
      : new Refusal(`'${driver}' is not a valid device model name`)
  }
  if (plan.kind === 'no-hotplug') throw new Refusal(`Device '${driver}' can not be hotplugged on this machine`)
  for (const key of Object.keys(args)) {
    if (key !== 'driver' && key !== 'id' && !Object.hasOwn(sample.props, key)) {
      throw new Refusal(`Property '${driver}.${key}' not found`)
    }
  }
  if (id === '') throw new Refusal("Parameter 'id' expects an identifier")
  const slot = findSlot(plan, sample, args)
  // QEMU's default model has no x2APIC.
  if (slot.apicId > MAX_XAPIC_ID) throw new Refusal(`APIC ID ${slot.apicId} requires x2APIC feature in CPU`)
  return slot
}

/** What QEMU says of a slot that holds a device already. */
export function takenSlot(plan: MachinePlan, slot: SlotPlan): Refusal {
  const { 'core-id': coreId } = slot.props
  switch (plan.kind) {
    case 'pseries':
      return new Refusal(`core ${String(coreId)} already populated`)
    case 's390x':
      return new Refusal(`Unable to add CPU with core-id: ${String(coreId)}, it already exists`)
    default:
      return new Refusal(`CPU[${slot.firstId}] with APIC ID ${slot.apicId} exists`)
  }
}

function findSlot(plan: MachinePlan, sample: SlotPlan, args: CommandArguments): SlotPlan {
  const keys = Object.keys(sample.props)
  for (const key of keys) {
    const value = args[key]
    if (value === undefined) throw new Refusal(`CPU ${key} is not set`)
    if (!Number.isInteger(value)) throw new Refusal(`Invalid parameter type for '${key}', expected: integer`)
    const max = Math.max(...plan.slots.map(({ props }) => props[key] ?? 0))
    if (Number(value) < 0 || Number(value) > max) throw outOfRange(plan, key, Number(value), max)
  }
  const slot = plan.slots.find(({ props }) => keys.every((key) => props[key] === args[key]))
  if (slot !== undefined) return slot
  throw plan.kind === 'pseries'
    ? new Refusal(`invalid core id ${String(args['core-id'])}`)
    : new Refusal('Invalid CPU: no such combination of properties')
}

function outOfRange(plan: MachinePlan, key: string, value: number, max: number): Refusal {
  if (key === 'core-id' && plan.kind === 'pseries') return new Refusal(`core id ${value} out of range`)
  if (key === 'core-id' && plan.kind === 's390x') {
    return new Refusal(`Unable to add CPU with core-id: ${value}, maximum core-id: ${max}`)
  }
  return new Refusal(`Invalid CPU ${key}: ${value} must be in range 0:${max}`)
}
