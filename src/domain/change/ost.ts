import type { AcpiOst } from '../../qmp/commands.ts'

/** "Eject in progress": the guest has begun and will report again (ACPI 6.5, table 6.62). */
const EJECT_IN_PROGRESS = 0x84

/** Why an eject failed, by _OST status code (ACPI 6.5, tables 6.61 and 6.62; Linux, include/linux/acpi.h). */
const ejectFailures: Readonly<Record<number, string>> = {
  0x01: 'non-specific failure',
  0x02: 'it does not know the notification',
  0x80: 'device not supported',
  0x81: 'device in use by an application',
  0x82: 'device busy',
  0x83: 'a device that depends on it is busy, or ejecting it is not supported',
}

/**
 * The guest's reason for refusing an eject, in words; `undefined` when the report is none of a refusal (done, or still
 * working at it).
 */
export function ejectRefusal(ost: AcpiOst): string | undefined {
  if (ost.status === 0 || ost.status === EJECT_IN_PROGRESS) return undefined
  const code = `_OST status 0x${ost.status.toString(16)}`
  return `${ejectFailures[ost.status] ?? 'unknown reason'} (${code})`
}
