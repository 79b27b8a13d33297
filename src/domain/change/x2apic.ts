import { apicIds, isX86, MAX_XAPIC_ID } from '../../bitmap/machine/apic-id.ts'
import { isPlugged, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import type { QmpExecutor } from '../../qmp/executor.ts'
import { readProperty } from '../../qmp/properties.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { RefusedError } from '../errors.ts'
import type { SlotReading } from '../vm/reading.ts'

/**
 * Refuse to fill a slot that QEMU lists and cannot fill: past APIC id 254 a CPU model needs x2APIC. QEMU says so too, but
 * 10.0 takes the whole VM down with it, and 11 leaves a vCPU without a device behind (docs/wire-notes.md).
 *
 * @throws {@link RefusedError} `ERR_NO_X2APIC`; nothing was sent
 */
export async function requireX2apic(
  qmp: QmpExecutor,
  reading: SlotReading,
  slot: VcpuSlot,
  id: number,
  deadline: Deadline,
): Promise<void> {
  if (!isX86(reading.target)) return
  const apicId = apicIds(reading.slots)(slot)
  if (apicId === undefined || apicId <= MAX_XAPIC_ID) return
  const plugged = reading.slots.find(isPlugged)
  if (plugged === undefined) return
  if (await hasX2apic(qmp, plugged.qomPath, deadline)) return
  throw new RefusedError(
    'ERR_NO_X2APIC',
    `vCPU ${id} cannot be plugged: its APIC id is ${apicId}, and past ${MAX_XAPIC_ID} the CPU model needs x2APIC ` +
      '(start QEMU with -cpu max, or MODEL,+x2apic)',
    id,
    slot.ids,
  )
}

/** Does the CPU model of a plugged vCPU have it? All slots of a machine take the same model. */
async function hasX2apic(qmp: QmpExecutor, path: string, deadline: Deadline): Promise<boolean> {
  const x2apic = await readProperty(qmp, path, 'x2apic', deadline.options())
  // Where QEMU does not tell, it shall decide.
  return x2apic ?? true
}
