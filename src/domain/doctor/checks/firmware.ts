import { isX86 } from '../../../bitmap/machine/apic-id.ts'
import { isPlugged } from '../../../bitmap/machine/vcpu-slot.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'

/**
 * Firmware in SMM takes part in a plug. Under TCG that never ends: the vCPUs stay in SMM, and with them the guest (QEMU
 * 10.0 and 11.1, OVMF; docs/wire-notes.md).
 */
export async function smmPlug(facts: Facts): Promise<readonly Finding[]> {
  const { slots, noHotplug, target } = await facts.reading()
  if (!isX86(target) || noHotplug !== undefined || slots.every(isPlugged)) return []
  const [{ name, evidence: accelerator }, { smm, isSecure, evidence }] = await Promise.all([
    facts.accelerator(),
    facts.firmware(),
  ])
  if (name !== 'tcg' || isSecure !== true || smm === 'off') return []
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
