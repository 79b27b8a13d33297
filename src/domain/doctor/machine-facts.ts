import { CommandError } from '../../errors/peer-errors.ts'
import { foreignText } from '../../errors/quote.ts'
import type { QmpExecutor } from '../../qmp/executor.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { Field } from '../../wire/decode.ts'

const MAX_INT = 2_147_483_647

/** What QEMU was told with `-smp`. It stays what it was, whatever is plugged later. */
export interface SmpSetting {
  readonly cpus: number
  readonly maxCpus: number
}

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
  const [type, smp, acpi] = await Promise.all(
    ['type', 'smp', 'acpi'].map((property) => readProperty(qmp, property, deadline)),
  )
  return {
    type: type === undefined ? undefined : foreignText(type.string(), 80),
    smp: smp === undefined ? undefined : decodeSmp(smp),
    acpi: acpi === undefined ? undefined : foreignText(acpi.string(), 40),
  }
}

function decodeSmp(smp: Field): SmpSetting {
  return { cpus: smp.at('cpus').integer(0, MAX_INT), maxCpus: smp.at('maxcpus').integer(0, MAX_INT) }
}

/** Not every machine, and not every version, has every property. */
async function readProperty(qmp: QmpExecutor, property: string, deadline: Deadline): Promise<Field | undefined> {
  try {
    const value = await qmp.execute('qom-get', { path: '/machine', property }, deadline.options())
    return new Field(`/machine.${property}`, value)
  } catch (error) {
    if (error instanceof CommandError) return undefined
    throw error
  }
}
