import { isX86 } from '../../bitmap/machine/apic-id.ts'
import { indexOfAcpiPath, indexOfHardwareId } from '../../bitmap/machine/firmware-names.ts'
import { readProperty } from '../../qmp/properties.ts'
import type { QmpExecutor } from '../../qmp/executor.ts'
import type { Deadline } from '../../wire/deadline.ts'
import type { SlotReading } from '../vm/reading.ts'

/** Where a guest says which vCPU one of its CPUs is, and how it says it. */
export interface ExactRule {
  /** Below the CPU's own folder in `/sys`. */
  readonly file: string
  /** The vCPU's cpu-index in the file's text; `undefined` when the text is none of the kind. */
  readonly parse: (text: string) => number | undefined
  /** Guests that list CPUs which are not there say nothing of use about those. */
  readonly onlyPresent: boolean
  /** `/proc/cpuinfo` has the APIC id of each CPU that is online. */
  readonly hasApicIds: boolean
}

/** The rule of an architecture; `undefined` where there is none. */
export async function ruleFor(
  qmp: QmpExecutor,
  { target, slots }: SlotReading,
  deadline: Deadline,
): Promise<ExactRule | undefined> {
  switch (target) {
    case 'x86_64':
    case 'i386':
    case 'aarch64':
    case 'loongarch64':
      return {
        file: 'firmware_node/path',
        parse: indexOfAcpiPath,
        onlyPresent: false,
        hasApicIds: isX86(target),
      }
    case 's390x':
      return { file: 'address', parse: parseDecimal, onlyPresent: false, hasApicIds: false }
    case 'ppc64': {
      const threads = slots[0]?.count ?? 1
      const vsmt = await readVsmt(qmp, threads, deadline)
      if (vsmt === undefined) return undefined
      return {
        file: 'physical_id',
        parse: (text) => {
          const hardwareId = parseDecimal(text)
          return hardwareId === undefined ? undefined : indexOfHardwareId(hardwareId, threads, vsmt)
        },
        onlyPresent: true,
        hasApicIds: false,
      }
    }
    default:
      return undefined
  }
}

function parseDecimal(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

/** How far apart the hardware ids of two cores are; `undefined` where this QEMU does not say. */
async function readVsmt(qmp: QmpExecutor, threads: number, deadline: Deadline): Promise<number | undefined> {
  const vsmt = await readProperty(qmp, '/machine', 'vsmt', deadline.options())
  // 0: never set, so QEMU uses the threads of a core.
  return vsmt === 0 ? threads : vsmt
}
