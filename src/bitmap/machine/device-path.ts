/** Where QEMU keeps the devices that were given an id. */
const PERIPHERAL = '/machine/peripheral/'
/** The same for those that were given none. */
const ANONYMOUS = '/machine/peripheral-anon/'
/** The same for what QEMU made at its start (`-smp`). */
const UNATTACHED = '/machine/unattached/'

/** The path of a device that was given an id. */
export function devicePath(deviceId: string): string {
  return `${PERIPHERAL}${deviceId}`
}

/** The path of the device that was added as number `index` without an id. */
export function anonymousPath(index: number): string {
  return `${ANONYMOUS}device[${index}]`
}

/** The path of a device that QEMU made at its start. */
export function startPath(index: number): string {
  return `${UNATTACHED}device[${index}]`
}

/** The id in a device's path; `null` for one that was given none (`-smp`, anonymous). */
export function deviceIdOf(qomPath: string): string | null {
  if (!qomPath.startsWith(PERIPHERAL)) return null
  const id = qomPath.slice(PERIPHERAL.length).split('/', 1)[0]
  return id === undefined || id === '' ? null : id
}

/** Whether QEMU made the device itself at its start. */
export function isMadeAtStart(qomPath: string): boolean {
  return qomPath.startsWith(UNATTACHED)
}
