import { neverUnplugs } from '../../../bitmap/machine/unplug-rules.ts'
import { isPlugged, type VcpuSlot } from '../../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../../bitmap/set/cpu-map.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'

/** Does this machine move vCPUs at all? */
export async function noHotplug(facts: Facts): Promise<readonly Finding[]> {
  const [{ noHotplug: refusal, acpiOff = false }, { type }] = await Promise.all([facts.reading(), facts.machine()])
  if (refusal === undefined || acpiOff) return []
  return [
    {
      code: 'no-hotplug',
      severity: 'blocks',
      summary: 'this machine type has no vCPU hotplug',
      evidence: `query-hotpluggable-cpus: ${refusal}${type === undefined ? '' : ` (machine: ${type})`}`,
      advice:
        'start the VM on a machine type that has it: q35 or pc (x86), pseries (ppc64), s390-ccw-virtio (plug only)',
    },
  ]
}

/** Does the machine unplug what it plugs? */
export async function noUnplug(facts: Facts): Promise<readonly Finding[]> {
  const { slots, target } = await facts.reading()
  if (!neverUnplugs(target) || slots.length === 0) return []
  return [
    {
      code: 'never-unplugs',
      severity: 'blocks',
      summary: 'this machine type can plug vCPUs and never unplugs one',
      evidence: `query-cpus-fast: target ${target}`,
      advice: 'turn CPUs off in the guest instead (guest-set ID off); they come out only when the VM is started anew',
    },
  ]
}

/** Is there a slot to plug into, and a vCPU to unplug? */
export async function slotsUsedUp(facts: Facts): Promise<readonly Finding[]> {
  const { slots, noHotplug: refusal, target } = await facts.reading()
  if (refusal !== undefined) return []
  const findings: Finding[] = []
  const plugged = slots.filter(isPlugged)
  const evidence = `plugged: ${textOf(plugged)}; possible: ${textOf(slots)}`
  if (plugged.length === slots.length) {
    findings.push({
      code: 'no-free-slot',
      severity: 'blocks',
      summary: 'nothing can be plugged: every slot is filled',
      evidence,
      advice: 'start the VM with more slots, as in -smp 2,maxcpus=8',
    })
  }
  if (!neverUnplugs(target) && plugged.every(({ offlinable }) => !offlinable)) {
    findings.push({
      code: 'only-boot-vcpu',
      severity: 'notes',
      summary: 'nothing can be unplugged: only the slot is plugged that the VM booted on, and QEMU never lets that go',
      evidence,
      advice: 'nothing to be done; what is plugged from now on can be unplugged again',
    })
  }
  return findings
}

/** Without ACPI a guest of x86 cannot hear of a plug, and QEMU refuses an unplug. */
export async function acpiOff(facts: Facts): Promise<readonly Finding[]> {
  const [{ acpiOff = false }, { type }] = await Promise.all([facts.reading(), facts.machine()])
  if (!acpiOff) return []
  return [
    {
      code: 'acpi-off',
      severity: 'blocks',
      summary: 'the machine has no ACPI: the guest cannot hear of a plug, and cannot let a vCPU go',
      evidence: `qom-get /machine acpi: "off"${type === undefined ? '' : ` (machine: ${type})`}`,
      advice: 'start the VM without acpi=off',
    },
  ]
}

function textOf(slots: readonly VcpuSlot[]): string {
  return String(CpuMap.from(slots.flatMap(({ ids }) => [...ids])))
}
