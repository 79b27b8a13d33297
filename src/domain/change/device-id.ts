import { randomBytes } from 'node:crypto'

const PERIPHERAL = '/machine/peripheral/'

/**
 * A fresh device id for the slot whose first vCPU is `firstId`. Fresh each time: an event of the slot's last device may
 * come while its next one is being plugged, and must not be taken for the new one's. libvirt knows ids that begin with
 * `vcpu` as its own kind.
 */
export function freshDeviceId(firstId: number): string {
  return `vcpu${firstId}-${randomBytes(4).toString('hex')}`
}

/** The path of a device that was given an id. */
export function devicePath(deviceId: string): string {
  return `${PERIPHERAL}${deviceId}`
}

/** The id in a device's path; `null` for one that was given none (`-smp`, anonymous). */
export function deviceIdOf(qomPath: string): string | null {
  if (!qomPath.startsWith(PERIPHERAL)) return null
  const id = qomPath.slice(PERIPHERAL.length).split('/', 1)[0]
  return id === undefined || id === '' ? null : id
}
