import { deviceIdOf, isMadeAtStart } from '../../bitmap/machine/device-path.ts'
import type { CpuInstanceProperties } from '../../bitmap/machine/replies.ts'
import { isPlugged, type PluggedSlot, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { foreignValue } from '../../errors/quote.ts'

/** One vCPU device that QEMU is given beside those of `-smp`. */
export interface VcpuDevice {
  /** The vCPUs of its slot. */
  readonly ids: CpuMap
  /** QEMU's type of it. */
  readonly driver: string
  /** Its device id; `null` where it has none. */
  readonly id: string | null
  /** Where it is plugged, in QEMU's own spelling. */
  readonly props: CpuInstanceProperties
}

/** The vCPUs of a VM, so that another QEMU can be started with the same ones, or have them plugged. */
export interface VcpuLayout {
  /** The members of `-smp`: `cpus` is how many vCPUs it makes. */
  readonly smp: Readonly<Record<string, number>>
  /** The others, in the order in which they were made: QEMU numbers some of a core's parts by it (pseries, docs/migration.md). */
  readonly devices: readonly VcpuDevice[]
  /** All plugged vCPUs. */
  readonly online: CpuMap
}

/** The levels of a topology that not every machine has: named only where they are more than one. */
const OPTIONAL_LEVELS: ReadonlySet<string> = new Set(['drawers', 'books', 'dies', 'clusters', 'modules'])

/**
 * The layout of a machine. `-smp` fills the slots from the first on, so it makes those before the first slot that is empty or
 * was given a device of its own; the others take a `-device` each.
 *
 * @param slots - every slot, ascending
 * @param made - QOM paths of the vCPUs in the order in which they were made
 * @param topology - what QEMU says of its `-smp`, by the names of its members
 */
export function layoutOf(
  slots: readonly VcpuSlot[],
  topology: Readonly<Record<string, number>>,
  made: readonly string[],
): VcpuLayout {
  const firstOther = slots.findIndex((slot) => slot.qomPath === null || !isMadeAtStart(slot.qomPath))
  const bootCount = firstOther === -1 ? slots.length : firstOther
  const plugged = slots.filter(isPlugged)
  return {
    smp: {
      cpus: sum(slots.slice(0, bootCount)),
      maxcpus: sum(slots),
      ...Object.fromEntries(Object.entries(topology).filter(isLevel)),
    },
    devices: slots.slice(bootCount).filter(isPlugged).sort(byAge(made)).map(deviceOf),
    online: CpuMap.from(plugged.flatMap(({ ids }) => [...ids])),
  }
}

/** The command line of a QEMU that makes these vCPUs: `-smp` and a `-device` for each of the others. */
export function layoutArguments({ smp, devices }: VcpuLayout): readonly string[] {
  const option = Object.entries(smp).map(([name, value]) => `${name}=${value}`)
  return ['-smp', option.join(','), ...devices.flatMap((device) => ['-device', deviceArgument(device)])]
}

function deviceArgument({ driver, id, props }: VcpuDevice): string {
  const members = Object.entries(props).map(([name, value]) => `${name}=${propertyText(value)}`)
  return [driver, ...(id === null ? [] : [`id=${id}`]), ...members].map(escaped).join(',')
}

/** A property of a slot as `-device` has it; a peer's, that may be anything. */
export function propertyText(value: unknown): string {
  return typeof value === 'string' ? value : foreignValue(value)
}

/** QEMU doubles a comma that belongs to a value. */
function escaped(text: string): string {
  return text.replaceAll(',', ',,')
}

/** One that is not listed is the youngest. */
function byAge(made: readonly string[]): (a: PluggedSlot, b: PluggedSlot) => number {
  const ages = new Map<string, number>()
  for (const [age, path] of made.entries()) {
    // A core's threads are below it.
    const parent = path.slice(0, path.lastIndexOf('/'))
    for (const each of [path, parent]) if (!ages.has(each)) ages.set(each, age)
  }
  const ageOf = ({ qomPath }: PluggedSlot): number => ages.get(qomPath) ?? made.length
  return (a, b) => ageOf(a) - ageOf(b)
}

function isLevel([name, value]: readonly [string, number]): boolean {
  return name !== 'cpus' && name !== 'maxcpus' && (value > 1 || !OPTIONAL_LEVELS.has(name))
}

function deviceOf({ ids, type, props, qomPath }: PluggedSlot): VcpuDevice {
  return { ids, driver: type, id: deviceIdOf(qomPath), props }
}

function sum(slots: readonly VcpuSlot[]): number {
  return slots.reduce((count, slot) => count + slot.count, 0)
}
