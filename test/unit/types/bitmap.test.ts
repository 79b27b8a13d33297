import { expectTypeOf, test } from 'vitest'
import {
  computeGuestMaps,
  computeSlots,
  computeVcpuMaps,
  fixedSlots,
  slotOf,
  type CpuFast,
  type CpuInstanceProperties,
  type CpuMap,
  type GuestCpu,
  type GuestMaps,
  type HotpluggableCpu,
  type PluggedVcpu,
  type VcpuMaps,
  type VcpuSlot,
} from 'qemu-vcpu/bitmap'

test('replies become slots, and slots maps', () => {
  expectTypeOf(computeSlots).toEqualTypeOf<
    (hotpluggable: readonly HotpluggableCpu[], listed: readonly CpuFast[]) => readonly VcpuSlot[]
  >()
  expectTypeOf(fixedSlots).toEqualTypeOf<(plugged: readonly CpuFast[]) => readonly VcpuSlot[]>()
  expectTypeOf(computeVcpuMaps).toEqualTypeOf<(slots: readonly VcpuSlot[]) => VcpuMaps>()
  expectTypeOf(computeGuestMaps).toEqualTypeOf<(cpus: readonly GuestCpu[], present?: CpuMap) => GuestMaps>()
  expectTypeOf(slotOf).toEqualTypeOf<(slots: readonly VcpuSlot[], id: number) => VcpuSlot | undefined>()
})

test('a slot and what is plugged in it', () => {
  expectTypeOf<VcpuSlot>().toEqualTypeOf<{
    readonly ids: CpuMap
    readonly firstId: number
    readonly count: number
    readonly type: string
    readonly props: CpuInstanceProperties
    readonly qomPath: string | null
    readonly vcpus: readonly PluggedVcpu[]
    readonly offlinable: boolean
    readonly neverFilled?: 'acpi' | 'x2apic' | undefined
  }>()
  expectTypeOf<PluggedVcpu>().toEqualTypeOf<{
    readonly id: number
    readonly qomPath: string
    readonly hostThreadId: number
  }>()
})
