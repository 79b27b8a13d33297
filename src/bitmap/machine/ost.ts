import type { AcpiOst } from './replies.ts'

/** What an _OST report answers: ACPI's source events (ACPI 6.5, table 6.61). */
export const OST_SOURCE = { deviceCheck: 1, ejectRequest: 3 } as const

/** ACPI's _OST status codes that this project tells apart (ACPI 6.5, tables 6.61 and 6.62). */
export const OST_STATUS = {
  success: 0,
  failure: 1,
  inUse: 0x81,
  /** The guest has begun and will report again. */
  ejectInProgress: 0x84,
} as const

/** Why an eject failed, by _OST status code (ACPI 6.5, tables 6.61 and 6.62; Linux, include/linux/acpi.h). */
const ejectFailures: Readonly<Record<number, string>> = {
  0x01: 'non-specific failure',
  0x02: 'it does not know the notification',
  0x80: 'device not supported',
  0x81: 'device in use by an application',
  0x82: 'device busy',
  0x83: 'a device that depends on it is busy, or ejecting it is not supported',
}

/** Whether a report is about the vCPU slot that begins with `firstId`. */
export function isAboutSlot(ost: AcpiOst, firstId: number): boolean {
  return ost['slot-type'] === 'CPU' && ost.slot === String(firstId)
}

/**
 * The guest's reason for refusing an eject, in words; `undefined` when the report is none of a refusal (done, or still
 * working at it).
 */
export function ejectRefusal(ost: AcpiOst): string | undefined {
  if (ost.status === OST_STATUS.success || ost.status === OST_STATUS.ejectInProgress) return undefined
  const code = `_OST status 0x${ost.status.toString(16)}`
  return `${ejectFailures[ost.status] ?? 'unknown reason'} (${code})`
}
