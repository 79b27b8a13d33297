import { CpuMap } from '../../../bitmap/set/cpu-map.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'

/** Slots that QEMU lists and cannot fill: QEMU 10.0 aborts when it is asked to (docs/wire-notes.md). */
export async function noX2apic(facts: Facts): Promise<readonly Finding[]> {
  const { slots } = await facts.reading()
  const ids = CpuMap.from(slots.flatMap((slot) => (slot.neverFilled === 'x2apic' ? [...slot.ids] : [])))
  if (ids.size === 0) return []
  const path = slots[0]?.qomPath
  return [
    {
      code: 'no-x2apic',
      severity: 'blocks',
      summary: `vCPU ${String(ids)} cannot be plugged: past APIC id 254 the CPU model needs x2APIC, and QEMU may abort`,
      evidence: `qom-get ${path ?? ''} x2apic: false; APIC ids past 254: vCPU ${String(ids)}`,
      advice: 'start the VM with a CPU model that has it: -cpu max, or MODEL,+x2apic',
    },
  ]
}
