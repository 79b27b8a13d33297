import { expectTypeOf, test } from 'vitest'
import type {
  AbortError,
  AnyVcpuError,
  ChangeStep,
  ChangeStepName,
  CommandError,
  ConnectionError,
  ConnectionErrorCode,
  ContradictionError,
  CpuMap,
  ExecutorError,
  GuestChangeCode,
  GuestChangeError,
  GuestChangeFailure,
  GuestCpuChange,
  GuestRefusedError,
  GuestScaleError,
  GuestScaleFailure,
  InputError,
  InputErrorCode,
  LimitError,
  LimitErrorCode,
  NearestCounts,
  NotConfirmedError,
  NotReachableError,
  Outcome,
  OverflowError,
  PartialChangeError,
  PlanStep,
  ProtocolError,
  ProtocolErrorCode,
  RefusalCode,
  RefusedError,
  ScaleAbortError,
  ScaleError,
  ScaleFailure,
  SimulationInputCode,
  TimeoutError,
  VcpuError,
  VcpuErrorOptions,
} from 'qemu-vcpu'
import { restate } from 'qemu-vcpu'
import type { StalledError } from 'qemu-vcpu/testing'

/** What a class has beside what every error has; its name and code with it. */
type Own<E extends VcpuError> = Omit<E, Exclude<keyof VcpuError, 'name' | 'code'>>

test('the base class', () => {
  expectTypeOf<Omit<VcpuError, keyof Error | symbol>>().toEqualTypeOf<{
    readonly code: string
    readonly outcome: Outcome | undefined
    readonly vm: string | undefined
    toJSON: () => Readonly<Record<string, unknown>>
  }>()
  expectTypeOf<VcpuError>().toExtend<Error>()
  expectTypeOf<VcpuErrorOptions>().toEqualTypeOf<{ cause?: unknown; readonly outcome?: Outcome | undefined }>()
  expectTypeOf<Outcome>().toEqualTypeOf<'not-sent' | 'rejected' | 'partial' | 'unknown'>()
  expectTypeOf(restate<TimeoutError>).parameters.toEqualTypeOf<[TimeoutError, Outcome]>()
  expectTypeOf(restate<TimeoutError>).returns.toEqualTypeOf<TimeoutError>()
})

test('the union has every class, and each class its literal name and codes', () => {
  type CodesByName = { [E in AnyVcpuError as E['name']]: E['code'] }
  expectTypeOf<CodesByName>().toEqualTypeOf<{
    AbortError: 'ERR_ABORTED'
    CommandError: 'ERR_COMMAND'
    ConnectionError: ConnectionErrorCode
    ContradictionError: 'ERR_CONTRADICTION'
    ExecutorError: 'ERR_EXECUTOR'
    GuestChangeError: GuestChangeCode
    GuestRefusedError: 'ERR_GUEST_REFUSED'
    GuestScaleError: 'ERR_SCALE_INCOMPLETE'
    InputError: InputErrorCode
    LimitError: LimitErrorCode
    NotConfirmedError: 'ERR_NOT_CONFIRMED'
    NotReachableError: 'ERR_NOT_REACHABLE'
    OverflowError: 'ERR_EVENT_OVERFLOW'
    PartialChangeError: 'ERR_PARTIAL'
    ProtocolError: ProtocolErrorCode
    RefusedError: RefusalCode
    ScaleError: 'ERR_SCALE_INCOMPLETE'
    TimeoutError: 'ERR_TIMEOUT'
  }>()
  expectTypeOf<Extract<AnyVcpuError, { name: 'AbortError' }>>().toEqualTypeOf<AbortError | ScaleAbortError>()
})

test('the codes of the classes that have several', () => {
  expectTypeOf<RefusalCode>().toEqualTypeOf<
    | 'ERR_NO_SUCH_VCPU'
    | 'ERR_PART_OF_SLOT'
    | 'ERR_NOT_OFFLINABLE'
    | 'ERR_NOT_ONLINABLE'
    | 'ERR_NO_HOTPLUG'
    | 'ERR_NO_X2APIC'
    | 'ERR_REMOVAL_PENDING'
    | 'ERR_UNSURE'
    | 'ERR_LAYOUT'
  >()
  expectTypeOf<ConnectionErrorCode>().toEqualTypeOf<
    | 'ERR_CONNECT'
    | 'ERR_MONITOR_BUSY'
    | 'ERR_PROCESS_STOPPED'
    | 'ERR_MONITOR_HANGS'
    | 'ERR_NOT_QMP'
    | 'ERR_NOT_AGENT'
    | 'ERR_NO_AGENT_ANSWER'
    | 'ERR_CONNECTION_LOST'
    | 'ERR_CLOSED'
    | 'ERR_NO_RUNTIME_MONITOR'
  >()
  expectTypeOf<ProtocolErrorCode>().toEqualTypeOf<
    | 'ERR_PROTOCOL'
    | 'ERR_MESSAGE_TOO_LARGE'
    | 'ERR_MESSAGE_TOO_COMPLEX'
    | 'ERR_MESSAGE_TOO_SLOW'
    | 'ERR_TOO_MUCH_JUNK'
    | 'ERR_TOO_MANY_VCPUS'
  >()
  expectTypeOf<LimitErrorCode>().toEqualTypeOf<'ERR_TOO_MANY_PENDING' | 'ERR_TOO_MUCH_UNSENT'>()
  expectTypeOf<SimulationInputCode>().toEqualTypeOf<'ERR_CLOCK' | 'ERR_FAULT' | 'ERR_MACHINE' | 'ERR_VCPU'>()
  expectTypeOf<SimulationInputCode>().toExtend<InputErrorCode>()
  expectTypeOf<'ERR_CPU_ID' | 'ERR_USAGE' | 'ERR_TIMEOUT_RANGE'>().toExtend<InputErrorCode>()
  // Literals all the way: no plain string has slipped into a union.
  expectTypeOf<string>().not.toExtend<InputErrorCode | GuestChangeCode>()
  // A change that goes on into the guest can fail with the code of its cause, but a simulation's are not among them.
  expectTypeOf<RefusalCode | ConnectionErrorCode | ProtocolErrorCode | LimitErrorCode>().toExtend<GuestChangeCode>()
  expectTypeOf<'ERR_VCPU'>().not.toExtend<GuestChangeCode>()
  expectTypeOf<StalledError['code']>().toEqualTypeOf<'ERR_STALLED'>()
})

test('what each class says beside its message', () => {
  expectTypeOf<Own<AbortError>>().toEqualTypeOf<{ readonly name: 'AbortError'; readonly code: 'ERR_ABORTED' }>()
  expectTypeOf<Own<ScaleAbortError>>().toEqualTypeOf<{
    readonly name: 'AbortError'
    readonly code: 'ERR_ABORTED'
    readonly changed: CpuMap
    readonly inDoubt: CpuMap
  }>()
  expectTypeOf<Own<CommandError>>().toEqualTypeOf<{
    readonly name: 'CommandError'
    readonly code: 'ERR_COMMAND'
    readonly command: string
    readonly errorClass: string
    readonly description: string
  }>()
  expectTypeOf<keyof Own<ConnectionError>>().toEqualTypeOf<'name' | 'code'>()
  expectTypeOf<keyof Own<ContradictionError>>().toEqualTypeOf<'name' | 'code'>()
  expectTypeOf<keyof Own<ExecutorError>>().toEqualTypeOf<'name' | 'code'>()
  expectTypeOf<keyof Own<InputError>>().toEqualTypeOf<'name' | 'code'>()
  expectTypeOf<keyof Own<LimitError>>().toEqualTypeOf<'name' | 'code'>()
  expectTypeOf<keyof Own<NotConfirmedError>>().toEqualTypeOf<'name' | 'code'>()
  expectTypeOf<keyof Own<OverflowError>>().toEqualTypeOf<'name' | 'code'>()
  expectTypeOf<keyof Own<ProtocolError>>().toEqualTypeOf<'name' | 'code'>()
  expectTypeOf<keyof Own<TimeoutError>>().toEqualTypeOf<'name' | 'code'>()
  expectTypeOf<Own<StalledError>>().toEqualTypeOf<{ readonly name: 'StalledError'; readonly code: 'ERR_STALLED' }>()
  expectTypeOf<Own<RefusedError>>().toEqualTypeOf<{
    readonly name: 'RefusedError'
    readonly code: RefusalCode
    readonly id: number
    readonly slot: CpuMap | undefined
  }>()
  expectTypeOf<Own<GuestRefusedError>>().toEqualTypeOf<{
    readonly name: 'GuestRefusedError'
    readonly code: 'ERR_GUEST_REFUSED'
    readonly slot: CpuMap
    readonly reason: string
  }>()
  expectTypeOf<Own<GuestChangeError>>().toEqualTypeOf<{
    readonly name: 'GuestChangeError'
    readonly code: GuestChangeCode
    readonly failedStep: ChangeStepName
    readonly steps: readonly ChangeStep[]
  }>()
  expectTypeOf<Own<PartialChangeError>>().toEqualTypeOf<{
    readonly name: 'PartialChangeError'
    readonly code: 'ERR_PARTIAL'
    readonly applied: number
    readonly failed: GuestCpuChange
  }>()
  expectTypeOf<Own<NotReachableError>>().toEqualTypeOf<{
    readonly name: 'NotReachableError'
    readonly code: 'ERR_NOT_REACHABLE'
    readonly target: number
    readonly nearestBelow: number | undefined
    readonly nearestAbove: number | undefined
  }>()
  expectTypeOf<Own<ScaleError>>().toEqualTypeOf<{
    readonly name: 'ScaleError'
    readonly code: 'ERR_SCALE_INCOMPLETE'
    readonly changed: CpuMap
    readonly inDoubt: CpuMap
    readonly rolledBack: CpuMap
    readonly failed: PlanStep
    readonly rest: readonly PlanStep[]
    readonly rollbackError: unknown
  }>()
  expectTypeOf<Own<GuestScaleError>>().toEqualTypeOf<{
    readonly name: 'GuestScaleError'
    readonly code: 'ERR_SCALE_INCOMPLETE'
    readonly changed: CpuMap
    readonly inDoubt: CpuMap
    readonly failed: number
    readonly rest: CpuMap
  }>()
})

test('what a double of this package can make an error from', () => {
  expectTypeOf<ConstructorParameters<typeof GuestChangeError>>().toEqualTypeOf<[string, GuestChangeFailure]>()
  expectTypeOf<ConstructorParameters<typeof ScaleError>>().toEqualTypeOf<[ScaleFailure]>()
  expectTypeOf<ConstructorParameters<typeof GuestScaleError>>().toEqualTypeOf<[GuestScaleFailure]>()
  expectTypeOf<NearestCounts>().toEqualTypeOf<{
    readonly below: number | undefined
    readonly above: number | undefined
  }>()
  expectTypeOf<GuestChangeFailure>().toExtend<Pick<GuestChangeError, 'code' | 'failedStep' | 'steps'>>()
  expectTypeOf<ScaleFailure>().toExtend<Omit<Own<ScaleError>, 'name' | 'code'>>()
  expectTypeOf<ScaleFailure['words']>().toEqualTypeOf<'failed' | 'after' | 'undone'>()
  expectTypeOf<GuestScaleFailure>().toExtend<Omit<Own<GuestScaleError>, 'name' | 'code'>>()
})

test('an error narrows by its code and by its name, and a switch over the names can be exhaustive', () => {
  const read = (error: AnyVcpuError): string => {
    if (error.code === 'ERR_PARTIAL') expectTypeOf(error).toEqualTypeOf<PartialChangeError | GuestChangeError>()
    if (error.code === 'ERR_ABORTED') expectTypeOf(error).toEqualTypeOf<AbortError | ScaleAbortError>()
    if (error.code === 'ERR_SCALE_INCOMPLETE') expectTypeOf(error).toEqualTypeOf<ScaleError | GuestScaleError>()
    if (error.code === 'ERR_LAYOUT') {
      expectTypeOf(error).toEqualTypeOf<RefusedError | InputError | GuestChangeError>()
    }
    if (error.code === 'ERR_CLOSED') expectTypeOf(error).toEqualTypeOf<ConnectionError | GuestChangeError>()
    if (error.code === 'ERR_TOO_MUCH_JUNK') expectTypeOf(error).toEqualTypeOf<ProtocolError | GuestChangeError>()
    if (error.code === 'ERR_TOO_MANY_PENDING') expectTypeOf(error).toEqualTypeOf<LimitError | GuestChangeError>()
    if (error.code === 'ERR_NOT_REACHABLE') expectTypeOf(error).toEqualTypeOf<NotReachableError>()
    if (error.code === 'ERR_EVENT_OVERFLOW') expectTypeOf(error).toEqualTypeOf<OverflowError>()
    // @ts-expect-error: there is no such code
    if (error.code === 'ERR_NO_SUCH_CODE') return ''
    switch (error.name) {
      case 'RefusedError':
        return String(error.slot)
      case 'GuestRefusedError':
        return error.reason
      case 'GuestChangeError':
        return error.failedStep
      case 'CommandError':
        return error.errorClass
      case 'NotReachableError':
        return String(error.nearestBelow)
      case 'PartialChangeError':
        return String(error.applied)
      case 'ScaleError':
        return error.failed.reason
      case 'GuestScaleError':
        return String(error.failed)
      case 'AbortError':
      case 'ConnectionError':
      case 'ContradictionError':
      case 'ExecutorError':
      case 'InputError':
      case 'LimitError':
      case 'NotConfirmedError':
      case 'OverflowError':
      case 'ProtocolError':
      case 'TimeoutError':
        return error.code
      default:
        expectTypeOf(error).toBeNever()
        return error
    }
  }
  expectTypeOf(read).parameter(0).toEqualTypeOf<AnyVcpuError>()
})
