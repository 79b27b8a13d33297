import { makeSlot, type VcpuSlot } from '../../../../src/bitmap/machine/vcpu-slot.ts'
import { advance } from '../../../../src/domain/vm/advance.ts'
import type { Device } from '../../../../src/domain/vm/device.ts'
import type { VmInput } from '../../../../src/domain/vm/input.ts'
import type { DatedReading } from '../../../../src/domain/vm/reading.ts'
import { beginRemoval, type Removal } from '../../../../src/domain/vm/removal.ts'
import { initialState, type VmState } from '../../../../src/domain/vm/state.ts'
import type { KnownQmpEvent } from '../../../../src/qmp/events.ts'

export const BOOT: Device = { qomPath: '/machine/unattached/device[0]', hostThreadId: 100 }
export const CPU5: Device = { qomPath: '/machine/peripheral/cpu5', hostThreadId: 105 }
export const NEW5: Device = { qomPath: '/machine/peripheral/cpu5', hostThreadId: 205 }
export const OTHER_BOOT: Device = { qomPath: '/machine/unattached/device[0]', hostThreadId: 200 }

export const timestamp = { seconds: 0, microseconds: 0 }

/** Slot 0 of one vCPU, slot 4 of two (4 and 5). */
export function slots(second: Device | undefined, boot: Device | undefined = BOOT): readonly VcpuSlot[] {
  return [slot(0, 1, boot), slot(4, 2, second)]
}

export function slot(firstId: number, count: number, device: Device | undefined): VcpuSlot {
  const vcpus = device === undefined ? [] : [{ id: firstId, ...device }]
  const qomPath = device?.qomPath ?? null
  return makeSlot({ firstId, count, type: 'cpu', props: {}, qomPath, vcpus, offlinable: firstId > 0 })
}

export function removalOf(part: Partial<Removal> = {}): Removal {
  const askedAt = { connection: 1, boot: 0, tick: 5 }
  return { ...beginRemoval({ firstId: 4, count: 2 }, CPU5, 7, askedAt), ...part }
}

/** A connected VM at tick 10. */
export function stateOf(part: Partial<VmState> = {}): VmState {
  return {
    ...initialState(),
    now: { connection: 1, boot: 0, tick: 10 },
    isConnected: true,
    reading: readingOf(4, slots(CPU5)),
    bootDevice: BOOT,
    ...part,
  }
}

export function readingOf(tick: number, shown: readonly VcpuSlot[], connection = 1, boot = 0): DatedReading {
  return { slots: shown, noHotplug: undefined, target: 'x86_64', askedAt: { connection, boot, tick } }
}

export function run(state: VmState, ...inputs: readonly VmInput[]): VmState {
  return inputs.reduce((before, input) => advance(before, input).state, state)
}

export function ost(
  status: number,
  part: { slot?: string; type?: string; source?: number; device?: string } = {},
): VmInput {
  const { slot = '4', type = 'CPU', source = 3, device } = part
  const info = { slot, 'slot-type': type, source, status, ...(device === undefined ? {} : { device }) }
  return heard({ event: 'ACPI_DEVICE_OST', data: { info }, timestamp })
}

export function heard(event: KnownQmpEvent): VmInput {
  return { type: 'event', event }
}
