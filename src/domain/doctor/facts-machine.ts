import type { QmpExecutor } from '../../qmp/executor.ts'
import { readProperty, type SmpSetting } from '../../qmp/properties.ts'
import type { Deadline } from '../../wire/deadline.ts'

/** What the machine says of itself; each is `undefined` where it has no such property. */
export interface MachineFacts {
  /** Its QOM type, such as `pc-q35-10.0-machine`. */
  readonly type: string | undefined
  readonly smp: SmpSetting | undefined
  /** x86 and arm: is there ACPI? `on`, `off` or `auto`. */
  readonly acpi: string | undefined
}

/**
 * Read the machine's own properties.
 *
 * @throws what the executor rejects with, other than QEMU's own refusals
 */
export async function readMachineFacts(qmp: QmpExecutor, deadline: Deadline): Promise<MachineFacts> {
  const [type, smp, acpi] = await Promise.all([
    readProperty(qmp, '/machine', 'type', deadline.options()),
    readProperty(qmp, '/machine', 'smp', deadline.options()),
    readProperty(qmp, '/machine', 'acpi', deadline.options()),
  ])
  return { type, smp, acpi }
}
