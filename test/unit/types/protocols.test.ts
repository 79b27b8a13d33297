import { expectTypeOf, test } from 'vitest'
import type {
  AcceleratorInfo,
  AcpiOst,
  CallOptions,
  ChardevInfo,
  CpuFast,
  CpuInstanceProperties,
  EventStream,
  ExecuteOptions,
  GuestCommand,
  GuestCpu,
  GuestCpuChange,
  GuestFileChunk,
  GuestInfo,
  GuestOsInfo,
  HotpluggableCpu,
  KvmInfo,
  MachineInfo,
  MigrationInfo,
  QemuStatus,
  QemuVersion,
  QgaArguments,
  QgaClientState,
  QgaCommandName,
  QgaCommands,
  QgaConnectOptions,
  QgaExecutor,
  QmpArguments,
  QmpCallOptions,
  QmpClientState,
  QmpCommandName,
  QmpCommands,
  QmpConnectOptions,
  QmpEvent,
  QmpExecutor,
  QmpGreeting,
  ReplyKind,
  Target,
  TypeProperty,
  WireLimits,
  WireTrace,
  QgaClient,
  QmpClient,
} from 'qemu-vcpu'
import { type Clock } from 'qemu-vcpu'
import type { ReadGuestFileOptions } from 'qemu-vcpu/qga'
import {
  callQga,
  decodeReply as decodeQgaReply,
  isKnownCommand as isQgaCommand,
  readGuestFile,
  setGuestVcpus,
} from 'qemu-vcpu/qga'
import type { DeviceEventData, KnownQmpEvent, QmpEventName, QmpEvents } from 'qemu-vcpu/qmp'
import {
  callQmp,
  DEFAULT_COMMAND_TIMEOUT_MS,
  DEFAULT_CONNECT_TIMEOUT_MS,
  DEFAULT_MAX_MESSAGE_BYTES,
  decodeReply,
  isKnownCommand,
  knownEvent,
} from 'qemu-vcpu/qmp'
import { DEFAULT_SYNC_TIMEOUT_MS } from 'qemu-vcpu/qga'

declare const qmp: QmpClient
declare const qga: QgaClient

test('the two executors are all that a domain needs, so a daemon can have its own', () => {
  expectTypeOf<QmpExecutor['execute']>().toEqualTypeOf<
    (command: string, args?: QmpArguments, options?: ExecuteOptions) => Promise<unknown>
  >()
  expectTypeOf<QmpExecutor['events']>().toEqualTypeOf<(() => AsyncIterable<QmpEvent>) | undefined>()
  expectTypeOf<QmpExecutor['connected']>().toEqualTypeOf<((options: CallOptions) => Promise<void>) | undefined>()
  expectTypeOf<{ execute: () => Promise<unknown> }>().toExtend<QmpExecutor & QgaExecutor>()
  expectTypeOf<QgaExecutor>().toEqualTypeOf<{
    execute: (command: string, args?: QgaArguments, options?: ExecuteOptions) => Promise<unknown>
  }>()
  expectTypeOf<QmpArguments>().toEqualTypeOf<Readonly<Record<string, unknown>>>()
  expectTypeOf<QgaArguments>().toEqualTypeOf<Readonly<Record<string, unknown>>>()
  expectTypeOf<Omit<ExecuteOptions, keyof CallOptions>>().toEqualTypeOf<{
    readonly beforeSend?: (() => void) | undefined
    readonly onLateReturn?: ((value: unknown) => void) | undefined
    readonly onReply?: ((kind: ReplyKind) => void) | undefined
    readonly onUnsent?: (() => void) | undefined
    readonly sendAhead?: boolean | undefined
  }>()
  expectTypeOf<ReplyKind>().toEqualTypeOf<'return' | 'error'>()
})

test('a QMP client', () => {
  expectTypeOf<(typeof QmpClient)['connect']>().toEqualTypeOf<
    (target: Target, options?: QmpConnectOptions) => Promise<QmpClient>
  >()
  expectTypeOf<Omit<QmpConnectOptions, keyof CallOptions>>().toEqualTypeOf<{
    readonly clock?: Clock
    readonly limits?: Partial<WireLimits>
    readonly maxMessageBytes?: number
    readonly onClosed?: (cause: Error) => void
    readonly onEvent?: (event: QmpEvent, bytes: number) => void
    readonly onGreeting?: (greeting: QmpGreeting) => void
    readonly oob?: boolean
    readonly trace?: WireTrace
    readonly vm?: string
  }>()
  expectTypeOf<Omit<QmpClient, 'execute' | symbol>>().toEqualTypeOf<{
    readonly state: QmpClientState
    readonly greeting: QmpGreeting
    readonly oob: boolean
    readonly unchecked: QmpExecutor
    readonly closed: Promise<Error>
    readonly answeredMessages: number
    readonly droppedMessages: number
    events: (options?: { readonly capacity?: number }) => EventStream<QmpEvent>
    close: () => Promise<void>
  }>()
  expectTypeOf<QmpClient>().toExtend<QmpExecutor & AsyncDisposable>()
  expectTypeOf<QmpClientState>().toEqualTypeOf<'greeting' | 'negotiating' | 'ready' | 'closed'>()
  expectTypeOf<QmpGreeting>().toEqualTypeOf<{
    readonly version: QemuVersion
    readonly capabilities: readonly string[]
  }>()
  expectTypeOf<Omit<QmpCallOptions, keyof ExecuteOptions>>().toEqualTypeOf<{ readonly oob?: boolean }>()
})

test('a QMP command that is known is typed by its name; any other returns what must be checked', () => {
  const use = (): void => {
    expectTypeOf(qmp.execute('query-status')).resolves.toEqualTypeOf<QemuStatus>()
    expectTypeOf(qmp.execute('query-cpus-fast')).resolves.toEqualTypeOf<readonly CpuFast[]>()
    expectTypeOf(qmp.execute('device_del', { id: 'cpu5' })).resolves.toEqualTypeOf<undefined>()
    expectTypeOf(qmp.execute('query-memory-devices')).resolves.toBeUnknown()
    expectTypeOf(callQmp(qmp, 'query-version', undefined, {})).resolves.toEqualTypeOf<QemuVersion>()
    // @ts-expect-error: device_del needs an id
    void callQmp(qmp, 'device_del', {}, {})
    // @ts-expect-error: callQmp() takes known commands alone
    void callQmp(qmp, 'query-memory-devices', undefined, {})
  }
  expectTypeOf(use).returns.toBeVoid()
  expectTypeOf(decodeReply<'query-kvm'>).returns.toEqualTypeOf<KvmInfo>()
  expectTypeOf(isKnownCommand).guards.toEqualTypeOf<QmpCommandName>()
})

test('the QMP commands and their replies', () => {
  type Returns = { [C in QmpCommandName]: QmpCommands[C]['returns'] }
  expectTypeOf<Returns>().toEqualTypeOf<{
    'query-version': QemuVersion
    'query-status': QemuStatus
    'query-kvm': KvmInfo
    'query-accelerators': AcceleratorInfo
    'query-machines': readonly MachineInfo[]
    'query-migrate': MigrationInfo
    'query-cpus-fast': readonly CpuFast[]
    'query-hotpluggable-cpus': readonly HotpluggableCpu[]
    'query-acpi-ospm-status': readonly AcpiOst[]
    'qom-get': unknown
    'qom-list-properties': readonly TypeProperty[]
    'query-chardev': readonly ChardevInfo[]
    'chardev-add': undefined
    'chardev-remove': undefined
    'object-add': undefined
    'object-del': undefined
    'human-monitor-command': unknown
    'x-query-jit': unknown
    device_add: undefined
    device_del: undefined
    stop: undefined
    cont: undefined
    system_reset: undefined
  }>()
  expectTypeOf<QmpCommands['device_del']['arguments']>().toEqualTypeOf<{ readonly id: string }>()
  expectTypeOf<QmpCommands['device_add']['arguments']['driver']>().toEqualTypeOf<string>()
  expectTypeOf<QemuVersion>().toEqualTypeOf<{
    readonly qemu: { readonly major: number; readonly minor: number; readonly micro: number }
    readonly package: string
  }>()
  expectTypeOf<QemuStatus>().toEqualTypeOf<{ readonly status: string; readonly running: boolean }>()
  expectTypeOf<KvmInfo['enabled']>().toEqualTypeOf<boolean>()
  expectTypeOf<AcceleratorInfo['enabled']>().toEqualTypeOf<string>()
  expectTypeOf<MigrationInfo['status']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<MachineInfo>().toEqualTypeOf<{ readonly name: string; readonly 'hotpluggable-cpus': boolean }>()
  expectTypeOf<ChardevInfo>().toEqualTypeOf<{ readonly label: string }>()
  expectTypeOf<TypeProperty>().toEqualTypeOf<{ readonly name: string }>()
  expectTypeOf<CpuFast>().toEqualTypeOf<{
    readonly 'cpu-index': number
    readonly 'qom-path': string
    readonly 'thread-id': number
    readonly props?: CpuInstanceProperties
    readonly target?: string
  }>()
  expectTypeOf<HotpluggableCpu>().toEqualTypeOf<{
    readonly type: string
    readonly 'vcpus-count': number
    readonly props: CpuInstanceProperties
    readonly 'qom-path'?: string
  }>()
  expectTypeOf<AcpiOst>().toEqualTypeOf<{
    readonly device?: string
    readonly slot: string
    readonly 'slot-type': string
    readonly source: number
    readonly status: number
  }>()
})

test('the QMP events: the untyped kind, and those that are known by their name', () => {
  expectTypeOf<QmpEvent>().toEqualTypeOf<{
    readonly event: string
    readonly data: Readonly<Record<string, unknown>>
    readonly timestamp: { readonly seconds: number; readonly microseconds: number }
  }>()
  expectTypeOf(knownEvent).toEqualTypeOf<(event: QmpEvent) => KnownQmpEvent | undefined>()
  expectTypeOf<KnownQmpEvent['event']>().toEqualTypeOf<QmpEventName>()
  expectTypeOf<QmpEventName>().toEqualTypeOf<
    | 'ACPI_DEVICE_OST'
    | 'DEVICE_DELETED'
    | 'DEVICE_UNPLUG_GUEST_ERROR'
    | 'GUEST_PANICKED'
    | 'RESET'
    | 'RESUME'
    | 'SHUTDOWN'
    | 'STOP'
    | 'VSERPORT_CHANGE'
  >()
  expectTypeOf<QmpEvents['ACPI_DEVICE_OST']>().toEqualTypeOf<{ readonly info: AcpiOst }>()
  expectTypeOf<QmpEvents['RESET']>().toEqualTypeOf<{ readonly guest: boolean; readonly reason?: string }>()
  expectTypeOf<DeviceEventData>().toEqualTypeOf<{ readonly device?: string; readonly path: string }>()
  const read = (event: KnownQmpEvent): void => {
    if (event.event === 'DEVICE_DELETED') expectTypeOf(event.data).toEqualTypeOf<DeviceEventData>()
    if (event.event === 'VSERPORT_CHANGE') expectTypeOf(event.data.open).toEqualTypeOf<boolean>()
  }
  expectTypeOf(read).returns.toBeVoid()
})

test('a client of the guest agent', () => {
  expectTypeOf<(typeof QgaClient)['connect']>().toEqualTypeOf<
    (target: Target, options?: QgaConnectOptions) => Promise<QgaClient>
  >()
  expectTypeOf<Omit<QgaConnectOptions, keyof CallOptions>>().toEqualTypeOf<{
    readonly clock?: Clock
    readonly limits?: Partial<WireLimits>
    readonly maxMessageBytes?: number
    readonly onClosed?: (cause: Error) => void
    readonly sync?: boolean
    readonly trace?: WireTrace
    readonly vm?: string
  }>()
  expectTypeOf<Omit<QgaClient, 'execute' | symbol>>().toEqualTypeOf<{
    readonly state: QgaClientState
    readonly unchecked: QgaExecutor
    readonly closed: Promise<Error>
    readonly answeredMessages: number
    readonly droppedMessages: number
    close: () => Promise<void>
  }>()
  expectTypeOf<QgaClient>().toExtend<QgaExecutor & AsyncDisposable>()
  expectTypeOf<QgaClientState>().toEqualTypeOf<'unsynced' | 'syncing' | 'synced' | 'closed'>()
})

test('the commands of the agent and their replies', () => {
  type Returns = { [C in QgaCommandName]: QgaCommands[C]['returns'] }
  expectTypeOf<Returns>().toEqualTypeOf<{
    'guest-ping': undefined
    'guest-info': GuestInfo
    'guest-get-vcpus': readonly GuestCpu[]
    'guest-set-vcpus': number
    'guest-get-osinfo': GuestOsInfo
    'guest-fsfreeze-status': string
    'guest-file-open': number
    'guest-file-read': GuestFileChunk
    'guest-file-close': undefined
  }>()
  expectTypeOf<QgaCommands['guest-set-vcpus']['arguments']>().toEqualTypeOf<{
    readonly vcpus: readonly GuestCpuChange[]
  }>()
  expectTypeOf<GuestCpu>().toEqualTypeOf<{
    readonly 'logical-id': number
    readonly online: boolean
    readonly 'can-offline'?: boolean
  }>()
  expectTypeOf<GuestCpuChange>().toEqualTypeOf<{ readonly 'logical-id': number; readonly online: boolean }>()
  expectTypeOf<GuestInfo>().toEqualTypeOf<{
    readonly version: string
    readonly supported_commands: readonly GuestCommand[]
  }>()
  expectTypeOf<GuestCommand>().toEqualTypeOf<{ readonly name: string; readonly enabled: boolean }>()
  expectTypeOf<GuestOsInfo>().toEqualTypeOf<{
    readonly id?: string
    readonly 'kernel-release'?: string
    readonly 'kernel-version'?: string
  }>()
  expectTypeOf<GuestFileChunk>().toEqualTypeOf<{
    readonly count: number
    readonly 'buf-b64': string
    readonly eof: boolean
  }>()
  const use = (): void => {
    expectTypeOf(qga.execute('guest-get-vcpus')).resolves.toEqualTypeOf<readonly GuestCpu[]>()
    expectTypeOf(qga.execute('guest-get-host-name')).resolves.toBeUnknown()
    expectTypeOf(callQga(qga, 'guest-info', undefined, {})).resolves.toEqualTypeOf<GuestInfo>()
    // @ts-expect-error: the list of CPUs is missing
    void callQga(qga, 'guest-set-vcpus', undefined, {})
  }
  expectTypeOf(use).returns.toBeVoid()
  expectTypeOf(decodeQgaReply<'guest-get-vcpus'>).returns.toEqualTypeOf<readonly GuestCpu[]>()
  expectTypeOf(isQgaCommand).guards.toEqualTypeOf<QgaCommandName>()
})

test('what is done with several commands of the agent', () => {
  expectTypeOf(readGuestFile).toEqualTypeOf<
    (executor: QgaExecutor, path: string, options?: ReadGuestFileOptions) => Promise<Uint8Array>
  >()
  expectTypeOf<Omit<ReadGuestFileOptions, keyof CallOptions>>().toEqualTypeOf<{
    readonly maxBytes?: number
    readonly chunkBytes?: number
    readonly clock?: Clock | undefined
  }>()
  expectTypeOf(setGuestVcpus).parameter(1).toEqualTypeOf<readonly GuestCpuChange[]>()
  expectTypeOf(setGuestVcpus).returns.toEqualTypeOf<Promise<void>>()
})

test('the defaults are numbers that a program can show', () => {
  expectTypeOf(DEFAULT_COMMAND_TIMEOUT_MS).toExtend<number>()
  expectTypeOf(DEFAULT_CONNECT_TIMEOUT_MS).toExtend<number>()
  expectTypeOf(DEFAULT_SYNC_TIMEOUT_MS).toExtend<number>()
  expectTypeOf(DEFAULT_MAX_MESSAGE_BYTES).toExtend<number>()
})
