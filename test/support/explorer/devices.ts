import { makeSlot, type VcpuSlot } from '../../../src/bitmap/machine/vcpu-slot.ts'
import type { Device } from '../../../src/domain/vm/device.ts'
import type { TrueSlot } from './world.ts'

/** The name of a device number: what was there at the start has the same path in each QEMU, and another thread. */
export function deviceOf(device: number): Device {
  const qomPath = device < 1000 ? `/machine/unattached/device[${device % 100}]` : `/machine/peripheral/cpu${device}`
  return { qomPath, hostThreadId: device }
}

const shapes = new Map<string, readonly VcpuSlot[]>()

/** The slots as a reading shows them. */
export function slotsShown(slots: readonly TrueSlot[]): readonly VcpuSlot[] {
  const name = slots.map(({ device }) => device ?? '').join()
  const known = shapes.get(name)
  if (known !== undefined) return known
  const shown = slots.map(({ device }, at) => {
    const { qomPath } = device === undefined ? { qomPath: null } : deviceOf(device)
    const vcpus = device === undefined || qomPath === null ? [] : [{ id: at, qomPath, hostThreadId: device }]
    return makeSlot({ firstId: at, count: 1, type: 'cpu', props: {}, qomPath, vcpus, offlinable: at > 0 })
  })
  shapes.set(name, shown)
  return shown
}
