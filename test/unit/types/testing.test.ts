import type { Duplex } from 'node:stream'
import { expectTypeOf, test } from 'vitest'
import type { Clock, GuestCpu, QgaExecutor, QmpExecutor, SocketAddress, Timer } from 'qemu-vcpu'
import type { SimulatedGuest, VirtualClock } from 'qemu-vcpu/testing'
import {
  DEFAULT_TIMING,
  hang,
  memoryPair,
  OtherClient,
  Random,
  Refusal,
  SimulatedAgent,
  SimulatedQemu,
  SimulatedVm,
  type Asker,
  type CommandArguments,
  type CommandFault,
  type CommandHandler,
  type CommandMishap,
  type DeviceRequest,
  type EventFault,
  type Fault,
  type GuestBehaviour,
  type GuestSeat,
  type GuestSwitch,
  type HotplugQuirks,
  type MachineDescription,
  type MachineKind,
  type Moment,
  type Nth,
  type OnPlug,
  type OnUnplug,
  type OwnExecutorBehaviour,
  type OwnQmpExecutor,
  type ReceivedCommand,
  type SimulatedAccelerator,
  type SimulatedAgentOptions,
  type SimulatedGuestOptions,
  type SimulatedQemuOptions,
  type SimulatedVmOptions,
  type SlotTruth,
  type SocketListener,
  type SwitchRecord,
  type TimeRange,
  type TraceEntry,
  type VcpuTruth,
  type VmTiming,
  type VmTruth,
} from 'qemu-vcpu/testing'

test('a simulated VM is an endpoint for a domain, and can be acted on', () => {
  expectTypeOf<Omit<SimulatedVm, symbol>>().toEqualTypeOf<{
    readonly qmp: () => Duplex
    readonly qga: () => Duplex
    qmpExecutor: (behaviour?: OwnExecutorBehaviour) => OwnQmpExecutor
    qgaExecutor: (behaviour?: Omit<OwnExecutorBehaviour, 'events'>) => QgaExecutor
    readonly qemu: SimulatedQemu
    readonly guest: SimulatedGuest
    readonly agent: SimulatedAgent | undefined
    readonly other: OtherClient
    readonly random: Random
    readonly trace: readonly TraceEntry[]
    faults: readonly Fault[]
    inject: (fault: Fault) => () => void
    truth: () => VmTruth
    reset: (input?: { readonly heard?: boolean }) => void
    restart: (input?: { readonly downMs?: number }) => void
    kexec: () => void
    kill: () => void
    pause: () => void
    resume: () => void
    panic: () => void
    shutdown: () => void
    dropMonitor: () => void
    holdMonitor: (ms?: number) => () => void
    dropAgent: () => void
    restartAgent: () => void
    stopAgent: () => void
    contAgent: () => void
  }>()
  expectTypeOf(SimulatedVm).toBeConstructibleWith({ machine: { kind: 'x86' } })
  // @ts-expect-error: there is no such machine
  expectTypeOf(SimulatedVm).toBeConstructibleWith({ machine: { kind: 'vax' } })
  expectTypeOf<SimulatedVmOptions>().toEqualTypeOf<{
    readonly machine: SimulatedQemuOptions
    readonly agent?: SimulatedAgentOptions | false
    readonly guest?: GuestBehaviour
    readonly clock?: Clock
    readonly seed?: number
    readonly timing?: Partial<VmTiming>
    readonly faults?: readonly Fault[]
    readonly accelerator?: SimulatedAccelerator
  }>()
  expectTypeOf<SimulatedAccelerator>().toEqualTypeOf<'kvm' | 'tcg'>()
  expectTypeOf<GuestBehaviour>().toEqualTypeOf<{
    readonly onPlug?: OnPlug | readonly [OnPlug, ...OnPlug[]]
    readonly onUnplug?: OnUnplug | readonly [OnUnplug, ...OnUnplug[]]
    readonly autoOnline?: boolean
  }>()
  expectTypeOf<OwnExecutorBehaviour>().toEqualTypeOf<{ readonly events?: boolean; readonly isBounded?: boolean }>()
  expectTypeOf<OwnQmpExecutor>().toExtend<QmpExecutor & { endEvents: () => void }>()
})

test('the machine', () => {
  expectTypeOf<MachineKind>().toEqualTypeOf<'x86' | 'pseries' | 's390x' | 'loongarch64' | 'no-hotplug'>()
  expectTypeOf<MachineDescription>().toEqualTypeOf<{
    readonly kind: MachineKind
    readonly pc?: 'q35' | 'i440fx'
    readonly version?: string
    readonly bootVcpus?: number
    readonly maxcpus?: number
    readonly sockets?: number
    readonly dies?: number
    readonly cores?: number
    readonly threads?: number
    readonly numaNodes?: number
  }>()
  expectTypeOf<HotplugQuirks>().toEqualTypeOf<{
    readonly ownDeviceDeleted?: 'last' | 'never' | 'next-plug'
    readonly finalOstNamesDevice?: boolean
  }>()
  expectTypeOf<Omit<SimulatedQemuOptions, keyof MachineDescription | keyof HotplugQuirks>>().toEqualTypeOf<{
    readonly greets?: boolean
    readonly capabilities?: readonly string[]
    readonly paused?: boolean
    readonly bootable?: boolean
  }>()
})

test('a monitor, a guest and an agent of their own', () => {
  expectTypeOf(SimulatedQemu).toBeConstructibleWith({ kind: 's390x' })
  // Without what is stripped from the types of the package.
  expectTypeOf<Omit<SimulatedQemu, 'board' | 'unplugAskedOf' | symbol>>().toEqualTypeOf<{
    readonly guest: SimulatedGuest
    readonly commands: readonly ReceivedCommand[]
    readonly pluggedVcpus: readonly number[]
    readonly pendingUnplugs: readonly string[]
    readonly status: string
    connect: () => Duplex
    connectApart: () => Duplex
    listen: (address: SocketAddress) => Promise<SocketListener>
    onCommand: (command: string, handler: CommandHandler) => () => void
    command: (command: string, args?: CommandArguments) => unknown
    emit: (event: string, data?: object) => void
    unheard: (task: () => void) => void
    reset: (guest?: boolean) => void
    kexec: () => void
    stop: () => void
    panic: () => void
    shutdown: () => void
    resume: () => void
    completePendingUnplug: (idOrPath?: string) => void
    refusePendingUnplug: (idOrPath?: string) => void
    announceRefusal: (idOrPath?: string) => void
    dropClient: () => void
    kill: () => void
  }>()
  expectTypeOf<SimulatedQemu | SimulatedAgent>().toExtend<AsyncDisposable>()
  expectTypeOf<Omit<SimulatedAgent, symbol>>().toEqualTypeOf<{
    readonly guest: SimulatedGuest
    silent: boolean
    readonly commands: readonly ReceivedCommand[]
    readonly openHandles: readonly number[]
    connect: () => Duplex
    listen: (address: SocketAddress) => Promise<SocketListener>
    onCommand: (command: string, handler: CommandHandler) => () => void
    leave: (bytes: string | Uint8Array) => void
    emit: (bytes: string | Uint8Array) => void
    flood: (totalBytes: number, lineBytes?: number) => void
    dropClient: () => void
    halt: () => void
    go: () => void
    restart: () => void
    kill: () => void
  }>()
  expectTypeOf<Omit<SimulatedGuest, symbol>>().toEqualTypeOf<{
    readonly kind: MachineKind
    readonly possible: number
    onPlug: OnPlug | (() => OnPlug)
    onUnplug: OnUnplug | (() => OnUnplug)
    autoOnline: boolean
    load: number
    loadAverages: () => object
    cpuStats: () => readonly object[]
    onBoot: (what: 'down' | 'up') => void
    readonly seats: readonly GuestSeat[]
    readonly boot: number
    readonly bootId: string
    readonly isUp: boolean
    readonly hasBeenUp: boolean
    readonly uptimeMs: number
    vcpus: () => readonly GuestCpu[]
    canOffline: (logicalId: number) => boolean
    setOnline: (logicalId: number, online: boolean) => void
    cpuIndexOf: (logicalId: number) => number | undefined
    runs: (cpuIndex: number) => boolean
    soon: (task: () => void) => void
    whenUp: (task: () => void) => void
    pause: () => void
    resume: () => void
    appear: (cpuIndexes: readonly number[]) => void
    vanish: (cpuIndexes: readonly number[]) => void
    reboot: (vcpus?: readonly number[]) => void
    goDown: () => void
    comeUp: (vcpus: readonly number[]) => void
  }>()
  expectTypeOf<OnPlug>().toEqualTypeOf<'accept' | 'pretend' | 'refuse' | 'ignore'>()
  expectTypeOf<OnUnplug>().toEqualTypeOf<'remove' | 'refuse' | 'ignore'>()
  expectTypeOf<SimulatedGuestOptions>().toEqualTypeOf<{
    readonly kind: MachineKind
    readonly vcpus: readonly number[]
    readonly possible: number
    readonly clock?: Clock | undefined
    readonly seed?: number | undefined
    readonly firstBoot?: number | undefined
    readonly isUp?: boolean
    readonly bootable?: boolean
  }>()
  expectTypeOf<GuestSeat>().toEqualTypeOf<{
    readonly logicalId: number
    readonly cpuIndex: number | undefined
    readonly online: boolean
  }>()
  const agentIn = (guest: SimulatedGuest, options: SimulatedAgentOptions): void => {
    expectTypeOf(SimulatedAgent).toBeConstructibleWith(guest, options)
  }
  expectTypeOf(agentIn).returns.toBeVoid()
  expectTypeOf<SimulatedAgentOptions>().toEqualTypeOf<{
    readonly blocked?: readonly string[]
    readonly missing?: readonly string[]
    readonly echoesIds?: boolean
    readonly version?: string
    readonly osinfo?: object
  }>()
  expectTypeOf<SocketListener>().toExtend<
    AsyncDisposable & { readonly address: SocketAddress; close: () => Promise<void> }
  >()
  expectTypeOf(memoryPair).toEqualTypeOf<() => readonly [Duplex, Duplex]>()
})

test('what a command is answered with', () => {
  expectTypeOf<CommandArguments>().toEqualTypeOf<Readonly<Record<string, unknown>>>()
  expectTypeOf<CommandHandler>().toEqualTypeOf<(args: CommandArguments, usual: () => unknown) => unknown>()
  expectTypeOf<ReceivedCommand>().toEqualTypeOf<{
    readonly command: string
    readonly arguments: CommandArguments
    readonly id: unknown
  }>()
  expectTypeOf(hang).toEqualTypeOf<CommandHandler>()
  expectTypeOf(Refusal).toBeConstructibleWith('no such device', 'DeviceNotFound')
  expectTypeOf<Refusal>().toExtend<Error & { readonly name: 'Refusal'; readonly errorClass: string }>()
})

test('what can go wrong, as a value', () => {
  expectTypeOf<Nth>().toEqualTypeOf<{ readonly nth?: number }>()
  expectTypeOf<CommandMishap['do']>().toEqualTypeOf<
    | 'drop-before'
    | 'drop-after'
    | 'no-reply'
    | 'hang'
    | 'late'
    | 'slow'
    | 'error'
    | 'nonsense'
    | 'duplicate-reply'
    | 'stray-error'
    | 'refuse-event-before-reply'
  >()
  expectTypeOf<CommandFault['at']>().toEqualTypeOf<Nth & { readonly command: string }>()
  expectTypeOf<EventFault['do']>().toEqualTypeOf<'missing' | 'doubled' | 'late'>()
  expectTypeOf<EventFault['at']>().toEqualTypeOf<Nth & { readonly event: string }>()
  expectTypeOf<Fault>().toEqualTypeOf<CommandFault | EventFault>()
  expectTypeOf<{ at: { command: 'device_del'; nth: 2 }; do: 'no-reply' }>().toExtend<Fault>()
  // @ts-expect-error: a reply that is late is so by some time
  expectTypeOf<{ at: { command: 'device_del' }; do: 'late' }>().toExtend<Fault>()
})

test('what is really so, and what really happened', () => {
  expectTypeOf<Moment>().toEqualTypeOf<{ readonly atMs: number; readonly qemu: number; readonly boot: number }>()
  expectTypeOf<Asker>().toEqualTypeOf<'client' | 'other'>()
  expectTypeOf<Omit<DeviceRequest, keyof Moment>>().toEqualTypeOf<{
    readonly command: 'device_add' | 'device_del'
    readonly arguments: CommandArguments
    readonly by: Asker
    readonly outcome: 'accepted' | 'refused' | 'lost'
  }>()
  expectTypeOf<GuestSwitch>().toEqualTypeOf<{
    readonly logicalId: number
    readonly cpuIndex: number | undefined
    readonly online: boolean
  }>()
  expectTypeOf<keyof SwitchRecord>().toEqualTypeOf<keyof Moment | keyof GuestSwitch | 'by'>()
  expectTypeOf<TraceEntry['what']>().toEqualTypeOf<'command' | 'event' | 'switch' | 'act'>()
  expectTypeOf<Extract<TraceEntry, { what: 'command' }>['peer']>().toEqualTypeOf<'qmp' | 'qga'>()
  expectTypeOf<VcpuTruth>().toEqualTypeOf<{
    readonly id: number
    readonly threadId: number | undefined
    readonly guest: { readonly logicalId: number; readonly online: boolean } | undefined
  }>()
  expectTypeOf<SlotTruth>().toEqualTypeOf<{
    readonly device: { readonly id: string | undefined; readonly path: string } | undefined
    readonly vcpus: readonly VcpuTruth[]
    readonly pendingUnplug: { readonly boot: number } | undefined
  }>()
  expectTypeOf<Omit<VmTruth, keyof Moment>>().toEqualTypeOf<{
    readonly isAlive: boolean
    readonly status: string
    readonly isUp: boolean
    readonly bootId: string
    readonly slots: readonly SlotTruth[]
    readonly requests: readonly DeviceRequest[]
    readonly switches: readonly SwitchRecord[]
  }>()
})

test('another client, a generator, a clock and how long things take', () => {
  expectTypeOf<Omit<OtherClient, symbol>>().toEqualTypeOf<{
    plug: (id: number, deviceId?: string) => string
    unplug: (id: number) => void
    guestSet: (logicalId: number, online: boolean) => void
  }>()
  // @ts-expect-error: a VM has one, as `other`
  expectTypeOf(OtherClient).toBeConstructibleWith()
  expectTypeOf<keyof Random>().toEqualTypeOf<'seed' | 'next' | 'integer' | 'pick' | 'fork'>()
  expectTypeOf(Random).constructorParameters.toEqualTypeOf<[seed: number]>()
  const draw = (random: Random, words: readonly string[]): void => {
    expectTypeOf(random.pick(['a', 'b'])).toEqualTypeOf<string>()
    expectTypeOf(random.pick(words)).toEqualTypeOf<string | undefined>()
    expectTypeOf(random.integer(1, 6)).toEqualTypeOf<number>()
  }
  expectTypeOf(draw).returns.toBeVoid()
  expectTypeOf<Omit<VirtualClock, 'run'>>().toEqualTypeOf<{
    readonly pending: number
    now: () => number
    after: (ms: number, task: () => void) => Timer
    advance: (ms: number) => Promise<void>
  }>()
  const wait = (clock: VirtualClock): void => {
    expectTypeOf(clock.run(Promise.resolve(1))).resolves.toEqualTypeOf<number>()
  }
  expectTypeOf(wait).returns.toBeVoid()
  expectTypeOf<TimeRange>().toEqualTypeOf<readonly [minMs: number, maxMs: number]>()
  expectTypeOf(DEFAULT_TIMING).toEqualTypeOf<VmTiming>()
  expectTypeOf<VmTiming>().toEqualTypeOf<
    Readonly<Record<'agent' | 'agentStart' | 'boot' | 'eject' | 'listing' | 'look' | 'monitor' | 'ost', TimeRange>>
  >()
})
