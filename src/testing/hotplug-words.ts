import type { AcpiOst } from '../bitmap/machine/replies.ts'
import type { BoardDevice } from './board.ts'
import type { MachineKind } from './machine-kind.ts'

/** cpu-indexes of a device's vCPUs. */
export function indexesOf(device: BoardDevice): readonly number[] {
  return device.vcpus.map(({ cpuIndex }) => cpuIndex)
}

/** A device as events name it: one of `-smp` has no id. */
export function nameOf({ id, path }: BoardDevice): object {
  return id === undefined ? { path } : { device: id, path }
}

/** A slot's last word about hotplug. */
export function describeOst(slot: number, source: number, status: number): AcpiOst {
  return { slot: String(slot), 'slot-type': 'CPU', source, status }
}

/** Paths of what goes before the device itself. */
export function childrenOf(device: BoardDevice, kind: MachineKind): readonly string[] {
  if (kind === 'x86') return [`${device.path}/lapic`]
  if (kind !== 'pseries') return []
  return device.vcpus.flatMap(({ qomPath }) => [`${qomPath}/icp`, `${qomPath}/xive-tctx`, qomPath])
}
