import type { QmpExecutor } from '../../qmp/executor.ts'
import { readProperty } from '../../qmp/properties.ts'
import type { Deadline } from '../../wire/deadline.ts'

/** Where q35 and pc have the flash of their firmware's code. */
const FLASH = '/machine/system.flash0'
/** A link to what has the ACPI registers: the ICH9 on q35. */
const ACPI_DEVICE = '/machine/acpi-device'

/** What is known of the firmware's place; each is `undefined` where the machine has none. */
export interface FirmwareFacts {
  /** System management mode: `on`, `off` or `auto`. */
  readonly smm: string | undefined
  /** The flash can only be written in SMM, as an OVMF that is built to need SMM wants it. */
  readonly isSecure: boolean | undefined
  /** QEMU offers the firmware to take part in plugs; without that it refuses them where the firmware uses SMIs. */
  readonly offersSmi: boolean | undefined
  /** How that is known. */
  readonly evidence: string
}

/**
 * Read what the machine tells of its firmware.
 *
 * @throws what the executor rejects with, other than QEMU's own refusals
 */
export async function readFirmware(qmp: QmpExecutor, deadline: Deadline): Promise<FirmwareFacts> {
  const [smm, isSecure, offersSmi] = await Promise.all([
    readProperty(qmp, '/machine', 'smm', deadline.options()),
    readProperty(qmp, FLASH, 'secure', deadline.options()),
    readProperty(qmp, ACPI_DEVICE, 'x-smi-cpu-hotplug', deadline.options()),
  ])
  const evidence =
    `qom-get /machine smm: "${smm ?? 'none'}"; qom-get ${FLASH} secure: ${String(isSecure ?? 'none')}; ` +
    `qom-get ${ACPI_DEVICE} x-smi-cpu-hotplug: ${String(offersSmi ?? 'none')}`
  return { smm, isSecure, offersSmi, evidence }
}
