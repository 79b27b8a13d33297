import type { QemuVersion } from './machine-kind.ts'
import { Refusal } from './refusal.ts'

/**
 * The id that a `device_add` gives its device; what is no string is none.
 *
 * @throws {@link Refusal} QEMU 11 takes letters, digits, `-`, `.` and `_`, a letter first; 10 takes anything
 */
export function deviceIdOf(id: unknown, { major }: QemuVersion): string | undefined {
  if (typeof id !== 'string') return undefined
  if (major >= 11 && !/^[A-Za-z][A-Za-z0-9._-]*$/.test(id)) throw new Refusal(`Invalid qdev ID '${id}'`)
  return id
}
