import { isObject } from '../wire/message.ts'
import { Refusal } from './refusal.ts'
import type { SimulatedGuest } from './simulated-guest.ts'
import type { GuestSwitch } from './surroundings.ts'

/**
 * `guest-set-vcpus`: carries out the entries in order up to the first that fails, and returns how many that were.
 *
 * @param onSwitch - told of each entry that was carried out
 * @throws {@link Refusal} only when the first one fails
 */
export function setVcpus(guest: SimulatedGuest, vcpus: unknown, onSwitch?: (entry: GuestSwitch) => void): number {
  if (!Array.isArray(vcpus)) throw new Refusal("Invalid parameter type for 'vcpus', expected: array")
  const changes = vcpus.map(changeOf)
  for (const [done, { logicalId, online }] of changes.entries()) {
    try {
      guest.setOnline(logicalId, online)
      onSwitch?.({ logicalId, online, cpuIndex: guest.cpuIndexOf(logicalId) })
    } catch (error) {
      if (done === 0) throw error
      return done
    }
  }
  return changes.length
}

/** The whole list is checked before anything is done. */
function changeOf(entry: unknown, index: number): { readonly logicalId: number; readonly online: boolean } {
  const { 'logical-id': logicalId, online } = isObject(entry) ? entry : {}
  if (typeof logicalId !== 'number' || !Number.isInteger(logicalId)) {
    throw new Refusal(`Invalid parameter type for 'vcpus[${index}].logical-id', expected: integer`)
  }
  if (typeof online !== 'boolean') {
    throw new Refusal(`Invalid parameter type for 'vcpus[${index}].online', expected: boolean`)
  }
  return { logicalId, online }
}
