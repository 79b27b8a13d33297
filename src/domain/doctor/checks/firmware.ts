import { isX86 } from '../../../bitmap/machine/apic-id.ts'
import { isPlugged } from '../../../bitmap/machine/vcpu-slot.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'

/**
 * Firmware in SMM takes part in a plug, where QEMU offers that; where it does not, QEMU refuses the plug. Under TCG taking
 * part never ends: the vCPUs stay in SMM, and with them the guest (QEMU 10.0 and 11.1, OVMF; docs/wire-notes.md).
 */
export async function smmPlug(facts: Facts): Promise<readonly Finding[]> {
  const { slots, noHotplug, target } = await facts.reading()
  if (!isX86(target) || noHotplug !== undefined || slots.every(isPlugged)) return []
  const [{ name, evidence: accelerator }, { smm, isSecure, offersSmi, evidence }] = await Promise.all([
    facts.accelerator(),
    facts.firmware(),
  ])
  if (isSecure !== true || smm === 'off') return []
  if (offersSmi === false) {
    return [
      {
        code: 'smm-plug-refused',
        severity: 'blocks',
        summary: 'QEMU refuses every plug: the firmware in SMM would have to take part in it, and is not offered to',
        evidence,
        advice:
          "start the VM without -global ICH9-LPC.x-smi-cpu-hotplug=off, which a machine type before q35-5.2 implies; under TCG with an OVMF that is not built for SMM (no Secure Boot), since QEMU's TCG hangs at such a plug",
      },
    ]
  }
  if (name !== 'tcg') return []
  return [
    {
      code: 'smm-plug-hangs',
      severity: 'blocks',
      summary: 'a plug hangs the guest at once: its firmware takes part in it in SMM, which does not work under TCG',
      evidence: `${evidence}; ${accelerator}`,
      advice:
        'plug nothing; start the VM with -accel kvm, or with an OVMF that is not built for SMM (no Secure Boot) and -machine smm=off',
    },
  ]
}
