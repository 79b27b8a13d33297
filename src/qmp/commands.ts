import type { AcpiOst, CpuFast, HotpluggableCpu } from '../bitmap/machine/replies.ts'
import type { ExecuteOptions } from '../wire/call-options.ts'
import { Field } from '../wire/decode.ts'
import type { QmpArguments, QmpExecutor } from './executor.ts'

/** Largest vcpus-count, cpu-index or thread id accepted: what a C int holds. */
const MAX_INT = 2_147_483_647

/** `query-version`. */
export interface QemuVersion {
  readonly qemu: { readonly major: number; readonly minor: number; readonly micro: number }
  readonly package: string
}

/** `query-status`. */
export interface QemuStatus {
  readonly running: boolean
  readonly status: string
}

/** `query-kvm`, as it came; `enabled` is checked. */
export interface KvmInfo extends Readonly<Record<string, unknown>> {
  readonly enabled: boolean
}

/** `query-accelerators` (QEMU 11 and later), as it came; `enabled` is checked. */
export interface AcceleratorInfo extends Readonly<Record<string, unknown>> {
  /** In the words of `-accel`, such as `tcg` or `kvm`. */
  readonly enabled: string
}

/** `query-migrate`, as it came; `status` is checked. */
export interface MigrationInfo extends Readonly<Record<string, unknown>> {
  /** The state of the last migration; absent where there was none. */
  readonly status?: string
}

/** An element of `query-machines`, as far as it is read. */
export interface MachineInfo {
  /** In the words of `-machine`; its QOM type is the same and `-machine`. */
  readonly name: string
  readonly 'hotpluggable-cpus': boolean
}

/** An element of `query-chardev`, as far as it is read. */
export interface ChardevInfo {
  /** Its id. */
  readonly label: string
}

/** An element of `qom-list-properties`, as far as it is read. */
export interface TypeProperty {
  readonly name: string
}

/** The commands that this project uses: their arguments and what they return, in the wire's spelling. */
export interface QmpCommands {
  'query-cpus-fast': { arguments: undefined; returns: readonly CpuFast[] }
  'query-hotpluggable-cpus': { arguments: undefined; returns: readonly HotpluggableCpu[] }
  'query-acpi-ospm-status': { arguments: undefined; returns: readonly AcpiOst[] }
  'query-version': { arguments: undefined; returns: QemuVersion }
  'query-status': { arguments: undefined; returns: QemuStatus }
  'query-kvm': { arguments: undefined; returns: KvmInfo }
  'query-accelerators': { arguments: undefined; returns: AcceleratorInfo }
  'query-machines': { arguments: undefined; returns: readonly MachineInfo[] }
  'query-migrate': { arguments: undefined; returns: MigrationInfo }
  /** For people: its words are nobody's contract. */
  'x-query-jit': { arguments: undefined; returns: unknown }
  /** Text for people too, of the monitor for people. */
  'human-monitor-command': {
    arguments: { readonly 'command-line': string; readonly 'cpu-index'?: number }
    returns: unknown
  }
  /** What it returns depends on the property: `readProperty` checks those that this project reads. */
  'qom-get': { arguments: { readonly path: string; readonly property: string }; returns: unknown }
  /** The properties of any object of that type. */
  'qom-list-properties': { arguments: { readonly typename: string }; returns: readonly TypeProperty[] }
  'query-chardev': { arguments: undefined; returns: readonly ChardevInfo[] }
  'chardev-add': { arguments: { readonly id: string; readonly backend: QmpArguments }; returns: undefined }
  'chardev-remove': { arguments: { readonly id: string }; returns: undefined }
  'object-add': {
    arguments: QmpArguments & { readonly 'qom-type': string; readonly id: string }
    returns: undefined
  }
  'object-del': { arguments: { readonly id: string }; returns: undefined }
  device_add: { arguments: QmpArguments & { readonly driver: string; readonly id?: string }; returns: undefined }
  device_del: { arguments: { readonly id: string }; returns: undefined }
  system_reset: { arguments: undefined; returns: undefined }
  stop: { arguments: undefined; returns: undefined }
  cont: { arguments: undefined; returns: undefined }
}

/** A command of {@link QmpCommands}. */
export type QmpCommandName = keyof QmpCommands

const nothing = (): undefined => undefined

const decoders: { readonly [C in QmpCommandName]: (reply: Field) => QmpCommands[C]['returns'] } = {
  'query-cpus-fast': (reply) => reply.array().map(decodeCpuFast),
  'query-hotpluggable-cpus': (reply) => reply.array().map(decodeHotpluggableCpu),
  'query-acpi-ospm-status': (reply) => reply.array().map(decodeAcpiOst),
  'query-version': decodeVersion,
  'query-status': (reply) => ({ running: reply.at('running').boolean(), status: reply.at('status').string() }),
  'query-kvm': (reply) => ({ ...reply.object(), enabled: reply.at('enabled').boolean() }),
  'query-accelerators': (reply) => ({ ...reply.object(), enabled: reply.at('enabled').string() }),
  'query-machines': (reply) => reply.array().map(decodeMachine),
  'query-migrate': decodeMigration,
  'x-query-jit': (reply) => reply.value,
  'human-monitor-command': (reply) => reply.value,
  'qom-get': (reply) => reply.value,
  'qom-list-properties': (reply) => reply.array().map((property) => ({ name: property.at('name').string() })),
  'query-chardev': (reply) => reply.array().map((device) => ({ label: device.at('label').string() })),
  'chardev-add': nothing,
  'chardev-remove': nothing,
  'object-add': nothing,
  'object-del': nothing,
  device_add: nothing,
  device_del: nothing,
  system_reset: nothing,
  stop: nothing,
  cont: nothing,
}

/** Is it a command whose reply this project knows how to check? */
export function isKnownCommand(command: string): command is QmpCommandName {
  return Object.hasOwn(decoders, command)
}

/**
 * Check a reply and give it its type.
 *
 * @throws {@link ProtocolError} naming the place that is not as QEMU's schema has it
 */
export function decodeReply<C extends QmpCommandName>(command: C, value: unknown): QmpCommands[C]['returns'] {
  return decoders[command](new Field(command, value))
}

/**
 * Run a known command on an executor and check its reply: here, and nowhere else.
 *
 * @throws what the executor rejects with, and {@link ProtocolError} for a reply that QEMU's schema does not allow
 */
export async function callQmp<C extends QmpCommandName>(
  executor: QmpExecutor,
  command: C,
  args: QmpCommands[C]['arguments'],
  options: ExecuteOptions,
): Promise<QmpCommands[C]['returns']> {
  return decodeReply(command, await executor.execute(command, args, options))
}

function decodeMachine(machine: Field): MachineInfo {
  return { name: machine.at('name').string(), 'hotpluggable-cpus': machine.at('hotpluggable-cpus').boolean() }
}

function decodeMigration(reply: Field): MigrationInfo {
  const status = reply.optional('status', (field) => field.string())
  return { ...reply.object(), ...(status === undefined ? {} : { status }) }
}

function decodeCpuFast(cpu: Field): CpuFast {
  const target = cpu.optionalStringAt('target') ?? targetOf(cpu.optionalStringAt('arch'))
  const props = cpu.optionalObjectAt('props')
  const index = cpu.integerAt('cpu-index', 0, MAX_INT)
  const path = cpu.stringAt('qom-path')
  const thread = cpu.integerAt('thread-id', -1, MAX_INT)
  // Most have both: one literal gives thousands of them one shape.
  if (target !== undefined && props !== undefined) {
    return { 'cpu-index': index, 'qom-path': path, 'thread-id': thread, target, props }
  }
  const optional = { ...(target === undefined ? {} : { target }), ...(props === undefined ? {} : { props }) }
  return { 'cpu-index': index, 'qom-path': path, 'thread-id': thread, ...optional }
}

/** QEMU before 3.0 has `arch`, in CpuInfoArch's words, and no `target`. */
function targetOf(arch: string | undefined): string | undefined {
  return arch === undefined ? undefined : (targets.get(arch) ?? arch)
}

const targets: ReadonlyMap<string, string> = new Map([
  ['x86', 'x86_64'],
  ['ppc', 'ppc64'],
  ['s390', 's390x'],
])

function decodeHotpluggableCpu(slot: Field): HotpluggableCpu {
  const path = slot.optionalStringAt('qom-path')
  const type = slot.stringAt('type')
  const count = slot.integerAt('vcpus-count', 1, MAX_INT)
  // Kept as it came: QEMU may add properties, and each goes back verbatim with device_add.
  const props = slot.objectAt('props')
  if (path === undefined) return { type, 'vcpus-count': count, props }
  return { type, 'vcpus-count': count, props, 'qom-path': path }
}

/** Check one OST report, of the query or of the event. */
export function decodeAcpiOst(info: Field): AcpiOst {
  const device = info.optional('device', (field) => field.string())
  return {
    slot: info.at('slot').string(),
    'slot-type': info.at('slot-type').string(),
    source: info.at('source').integer(-MAX_INT, 4_294_967_295),
    status: info.at('status').integer(-MAX_INT, 4_294_967_295),
    ...(device === undefined ? {} : { device }),
  }
}

/** Check a version, of the query or of the greeting. */
export function decodeVersion(version: Field): QemuVersion {
  const qemu = version.at('qemu')
  return {
    qemu: {
      major: qemu.at('major').integer(0, MAX_INT),
      minor: qemu.at('minor').integer(0, MAX_INT),
      micro: qemu.at('micro').integer(0, MAX_INT),
    },
    package: version.at('package').string(),
  }
}
