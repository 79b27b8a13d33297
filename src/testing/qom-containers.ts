const CONTAINERS = ['/machine', '/machine/unattached', '/machine/peripheral', '/machine/peripheral-anon']

/** Is it an object that holds others and is not a device? */
export function isContainer(path: string): boolean {
  return CONTAINERS.includes(path.replace(/\/$/, ''))
}
