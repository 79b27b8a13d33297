import { foreignText } from '../errors/quote.ts'
import { onRefusal } from '../errors/refusal.ts'
import type { CallOptions } from '../wire/call-options.ts'
import { Field } from '../wire/decode.ts'
import { callQmp } from './commands.ts'
import type { QmpExecutor } from './executor.ts'

const MAX_INT = 2_147_483_647
const MAX_APIC_ID = 4_294_967_295

/** What QEMU was told with `-smp`. It stays what it was, whatever is plugged later. */
export interface SmpSetting {
  readonly cpus: number
  readonly maxCpus: number
}

/** The properties of QOM objects that this project reads. */
export interface QomProperties {
  /** Of the machine: its QOM type, such as `pc-q35-10.0-machine`. */
  type: string
  /** Of the machine. */
  smp: SmpSetting
  /** Of an x86 or arm machine: is there ACPI? `on`, `off` or `auto`. */
  acpi: string
  /** Of an x86 machine: has it system management mode? `on`, `off` or `auto`. */
  smm: string
  /** Of the ICH9 of q35: has the firmware to take part in a plug in system management mode, where it offers to? */
  'x-smi-cpu-hotplug': boolean
  /** Of a flash: can it only be written in system management mode? */
  secure: boolean
  /** Of a pseries machine: how far apart the hardware ids of two cores are; 0 where that was never set. */
  vsmt: number
  /** Of an x86 CPU: does its model have x2APIC? */
  x2apic: boolean
  /** Of an x86 CPU: its APIC id. */
  'apic-id': number
}

const decoders: { readonly [P in keyof QomProperties]: (value: Field) => QomProperties[P] } = {
  type: (value) => foreignText(value.string(), 80),
  smp: (value) => ({ cpus: value.at('cpus').integer(0, MAX_INT), maxCpus: value.at('maxcpus').integer(0, MAX_INT) }),
  acpi: (value) => foreignText(value.string(), 40),
  smm: (value) => foreignText(value.string(), 40),
  'x-smi-cpu-hotplug': ({ value }) => value !== false,
  secure: ({ value }) => value === true,
  vsmt: ({ value }) => (typeof value === 'number' && Number.isInteger(value) && value >= 1 ? value : 0),
  'apic-id': (value) => value.integer(0, MAX_APIC_ID),
  x2apic: ({ value }) => value !== false,
}

/**
 * Read one property. Not every object, and not every version, has every property.
 *
 * @returns `undefined` where QEMU refuses to say
 * @throws what the executor rejects with, and {@link ProtocolError} for a value that QEMU's schema does not allow
 */
export async function readProperty<P extends keyof QomProperties>(
  executor: QmpExecutor,
  path: string,
  property: P,
  options: CallOptions,
): Promise<QomProperties[P] | undefined> {
  const value = await callQmp(executor, 'qom-get', { path, property }, options)
    .then((reply) => ({ reply }))
    .catch(onRefusal(() => undefined))
  return value === undefined ? undefined : decoders[property](new Field(`${path}.${property}`, value.reply))
}
