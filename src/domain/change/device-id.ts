import { randomBits } from '../../wire/random-bits.ts'

/**
 * A fresh device id for the slot whose first vCPU is `firstId`. Fresh each time: an event of the slot's last device may
 * come while its next one is being plugged, and must not be taken for the new one's. libvirt knows ids that begin with
 * `vcpu` as its own kind.
 */
export function freshDeviceId(firstId: number): string {
  return `vcpu${firstId}-${randomBits(32).toString(16).padStart(8, '0')}`
}
