import { expectTypeOf, test } from 'vitest'
import type {
  AtStep,
  CallOptions,
  ChangeResult,
  ChangeStep,
  ChangeStepName,
  Confidence,
  CpuInstanceProperties,
  CpuMap,
  DomainEvent,
  DomainOptions,
  DomainState,
  DomainStateChange,
  EventStream,
  Finding,
  FindingSeverity,
  GuestMaps,
  GuestScaleResult,
  KnownVcpuGuest,
  Plan,
  Planned,
  PlanOptions,
  PlanStep,
  RollbackFailed,
  ScaleOptions,
  ScaleProgress,
  ScaleResult,
  SetVcpuStateOptions,
  SetVcpuStatesOptions,
  StepDone,
  StepFailed,
  StepRolledBack,
  StepStarted,
  UnknownVcpuGuest,
  Vcpu,
  VcpuChange,
  VcpuDevice,
  VcpuGuest,
  VcpuLayout,
  VcpuMapKind,
  VcpuMaps,
  VcpusOptions,
} from 'qemu-vcpu'
import { Domain, FINDING_SEVERITIES, ScaleRun, connectionFinding, layoutArguments, parseLayout } from 'qemu-vcpu'

test('a domain: the getter, the setters, and what goes with them', () => {
  expectTypeOf<Omit<Domain, symbol>>().toEqualTypeOf<{
    readonly name: string
    readonly state: DomainState
    readonly lostBy: Error | undefined
    getVcpuMap: (kind?: VcpuMapKind, options?: CallOptions) => Promise<CpuMap>
    getVcpuMaps: (options?: CallOptions) => Promise<VcpuMaps>
    getGuestMaps: (options?: CallOptions) => Promise<GuestMaps>
    vcpus: (options?: VcpusOptions) => Promise<Vcpu[]>
    guestCpuToVcpu: (guestId: number, options?: CallOptions) => Promise<Vcpu | null | undefined>
    setVcpuState: (id: number, online: boolean, options?: SetVcpuStateOptions) => Promise<VcpuChange>
    setGuestVcpuState: (id: number, online: boolean, options?: CallOptions) => Promise<ChangeResult>
    setVcpuStates: (map: CpuMap, online: boolean, options?: SetVcpuStatesOptions) => ScaleRun
    setGuestVcpuStates: (map: CpuMap, online: boolean, options?: CallOptions) => Promise<GuestScaleResult>
    plan: (count: number, options?: PlanOptions & CallOptions) => Promise<Plan>
    scale: (count: number, options?: ScaleOptions) => ScaleRun
    scaleGuest: (count: number, options?: CallOptions) => Promise<GuestScaleResult>
    exportLayout: (options?: CallOptions) => Promise<VcpuLayout>
    applyLayout: (layout: VcpuLayout, options?: SetVcpuStatesOptions) => ScaleRun
    doctor: (options?: CallOptions) => Promise<readonly Finding[]>
    changes: () => EventStream<DomainEvent>
    states: () => EventStream<DomainStateChange>
    pendingRemovals: () => CpuMap
    close: () => Promise<void>
  }>()
  expectTypeOf<Domain>().toExtend<AsyncDisposable>()
  expectTypeOf<Omit<typeof Domain, 'prototype'>>().toEqualTypeOf<{
    connect: (options: DomainOptions) => Promise<Domain>
  }>()
  // @ts-expect-error: it is made by connect()
  expectTypeOf(Domain).toBeConstructibleWith({})
})

test('the maps of QEMU and of the guest', () => {
  expectTypeOf<VcpuMaps>().toEqualTypeOf<{
    readonly online: CpuMap
    readonly onlinable: CpuMap
    readonly offlinable: CpuMap
    readonly possible: CpuMap
  }>()
  expectTypeOf<GuestMaps>().toEqualTypeOf<{
    readonly online: CpuMap
    readonly offline: CpuMap
    readonly onlinable: CpuMap
    readonly offlinable: CpuMap
    readonly possible: CpuMap
  }>()
})

test('a vCPU, and the guest’s side of it: known, not known, or certainly none', () => {
  expectTypeOf<Vcpu>().toEqualTypeOf<{
    readonly id: number
    readonly online: boolean
    readonly onlinable: boolean
    readonly offlinable: boolean
    readonly slot: readonly number[]
    readonly type: string
    readonly deviceId: string | null
    readonly qomPath: string | null
    readonly props: CpuInstanceProperties
    readonly hostThreadId: number | null
    readonly guest: VcpuGuest | null
  }>()
  expectTypeOf<CpuInstanceProperties>().toEqualTypeOf<Readonly<Record<string, unknown>>>()
  expectTypeOf<KnownVcpuGuest>().toEqualTypeOf<{
    readonly id: number
    readonly online: boolean
    readonly canOffline: boolean
    readonly confidence: Confidence
  }>()
  expectTypeOf<UnknownVcpuGuest>().toEqualTypeOf<{
    readonly id: null
    readonly online: null
    readonly confidence: 'unknown'
  }>()
  const read = (guest: VcpuGuest): number | null => {
    if (guest.confidence === 'unknown') {
      expectTypeOf(guest).toEqualTypeOf<UnknownVcpuGuest>()
      return guest.id
    }
    expectTypeOf(guest).toEqualTypeOf<KnownVcpuGuest>()
    return guest.id
  }
  expectTypeOf(read).parameter(0).toEqualTypeOf<KnownVcpuGuest | UnknownVcpuGuest>()
})

test('what a change brings about', () => {
  expectTypeOf<ChangeResult>().toEqualTypeOf<{
    readonly id: number
    readonly online: boolean
    readonly changed: CpuMap
    readonly outcome: 'done'
  }>()
  expectTypeOf<Omit<VcpuChange, keyof ChangeResult>>().toEqualTypeOf<{
    readonly slot: CpuMap
    readonly deviceId: string | null
    readonly hostThreadId: number | null
    readonly hostThreadIds: readonly number[]
    readonly guest: { readonly ids: CpuMap; readonly changed: CpuMap } | null
    readonly steps: readonly ChangeStep[]
  }>()
  expectTypeOf<VcpuChange>().toExtend<ChangeResult>()
  expectTypeOf<ChangeStep>().toEqualTypeOf<{
    readonly step: ChangeStepName
    readonly detail: string
    readonly atMs: number
  }>()
  expectTypeOf<ChangeStepName>().toEqualTypeOf<
    | 'offline-in-guest'
    | 'device_add'
    | 'device_del'
    | 'guest-acknowledged'
    | 'slot-filled'
    | 'slot-empty'
    | 'listed-in-guest'
    | 'online-in-guest'
    | 'undo'
  >()
  expectTypeOf<GuestScaleResult>().toEqualTypeOf<{
    readonly changed: CpuMap
    readonly outcome: 'done'
    readonly online: number
  }>()
})

test('a plan and its steps', () => {
  expectTypeOf<Plan>().toEqualTypeOf<{
    readonly from: number
    readonly to: number
    readonly steps: readonly PlanStep[]
  }>()
  expectTypeOf<PlanStep>().toEqualTypeOf<{
    readonly id: number
    readonly ids: CpuMap
    readonly online: boolean
    readonly part?: 'guest'
    readonly deviceId?: string | undefined
    readonly reason: string
  }>()
})

test('a run is awaited for its result or read for its progress, which narrows by type', () => {
  expectTypeOf<ScaleRun>().resolves.toEqualTypeOf<ScaleResult>()
  expectTypeOf<ScaleRun>().toExtend<AsyncIterable<ScaleProgress>>()
  expectTypeOf<Pick<ScaleRun, 'changed' | 'inDoubt'>>().toEqualTypeOf<{
    readonly changed: CpuMap
    readonly inDoubt: CpuMap
  }>()
  // @ts-expect-error: a domain makes it
  expectTypeOf(ScaleRun).toBeConstructibleWith()
  expectTypeOf<ScaleResult>().toEqualTypeOf<{
    readonly changed: CpuMap
    readonly outcome: 'done'
    readonly online: number
    readonly plan: Plan
  }>()
  expectTypeOf<AtStep>().toEqualTypeOf<{ readonly step: PlanStep; readonly index: number; readonly total: number }>()
  expectTypeOf<Planned>().toEqualTypeOf<{ readonly type: 'planned'; readonly plan: Plan }>()
  expectTypeOf<Omit<StepDone, keyof AtStep>>().toEqualTypeOf<{
    readonly type: 'done'
    readonly changed: CpuMap
    readonly online: number
  }>()
  expectTypeOf<Omit<StepStarted, keyof AtStep>>().toEqualTypeOf<{ readonly type: 'started' }>()
  expectTypeOf<Omit<StepFailed, keyof AtStep>>().toEqualTypeOf<{
    readonly type: 'failed'
    readonly error: unknown
    readonly changed: CpuMap
  }>()
  expectTypeOf<Omit<StepRolledBack, keyof AtStep>>().toEqualTypeOf<{
    readonly type: 'rolled-back'
    readonly restored: CpuMap
    readonly online: number
  }>()
  expectTypeOf<Omit<RollbackFailed, keyof AtStep>>().toEqualTypeOf<{
    readonly type: 'rollback-failed'
    readonly error: unknown
  }>()
  const read = (progress: ScaleProgress): void => {
    if (progress.type !== 'planned') expectTypeOf(progress).toExtend<AtStep>()
    if (progress.type === 'planned') expectTypeOf(progress).toEqualTypeOf<Planned>()
    if (progress.type === 'started') expectTypeOf(progress).toEqualTypeOf<StepStarted>()
    if (progress.type === 'done') expectTypeOf(progress).toEqualTypeOf<StepDone>()
    if (progress.type === 'failed') expectTypeOf(progress).toEqualTypeOf<StepFailed>()
    if (progress.type === 'rolled-back') expectTypeOf(progress).toEqualTypeOf<StepRolledBack>()
    if (progress.type === 'rollback-failed') expectTypeOf(progress).toEqualTypeOf<RollbackFailed>()
  }
  expectTypeOf(read).parameter(0).toEqualTypeOf<ScaleProgress>()
})

test('what becomes of a VM, by type', () => {
  expectTypeOf<DomainEvent['type']>().toEqualTypeOf<
    | 'plugged'
    | 'unplugged'
    | 'refused'
    | 'lost'
    | 'reset'
    | 'disconnected'
    | 'connected'
    | 'agent-disconnected'
    | 'agent-connected'
    | 'gap'
  >()
  const read = (event: DomainEvent): void => {
    if (event.type === 'plugged') expectTypeOf(event.deviceId).toEqualTypeOf<string | null>()
    if (event.type === 'unplugged') expectTypeOf(event.late).toEqualTypeOf<boolean>()
    if (event.type === 'refused') expectTypeOf(event.reason).toEqualTypeOf<string>()
    if (event.type === 'lost') expectTypeOf(event.error).toEqualTypeOf<Error>()
    if ('ids' in event) expectTypeOf(event.type).toEqualTypeOf<'plugged' | 'unplugged' | 'refused' | 'lost'>()
    // @ts-expect-error: there is no such event
    if (event.type === 'vanished') return
  }
  expectTypeOf(read).parameter(0).toEqualTypeOf<DomainEvent>()
  expectTypeOf<DomainState>().toEqualTypeOf<'connected' | 'reconnecting' | 'closed'>()
  expectTypeOf<DomainStateChange['state']>().toEqualTypeOf<DomainState>()
  expectTypeOf<Extract<DomainStateChange, { state: 'reconnecting' }>['cause']>().toEqualTypeOf<Error>()
  expectTypeOf<EventStream<DomainEvent>>().toExtend<AsyncIterable<DomainEvent> & AsyncDisposable>()
})

test('what a doctor finds', () => {
  expectTypeOf<Finding>().toEqualTypeOf<{
    readonly code: string
    readonly severity: FindingSeverity
    readonly summary: string
    readonly evidence: string
    readonly advice: string
  }>()
  expectTypeOf<FindingSeverity>().toEqualTypeOf<'blocks' | 'warns' | 'notes'>()
  expectTypeOf(FINDING_SEVERITIES).toEqualTypeOf<readonly ['blocks', 'warns', 'notes']>()
  expectTypeOf(connectionFinding).toEqualTypeOf<(error: unknown) => Finding | undefined>()
})

test('a layout goes out, into JSON and back', () => {
  expectTypeOf<VcpuLayout>().toEqualTypeOf<{
    readonly smp: Readonly<Record<string, number>>
    readonly online: CpuMap
    readonly devices: readonly VcpuDevice[]
  }>()
  expectTypeOf<VcpuDevice>().toEqualTypeOf<{
    readonly id: string | null
    readonly driver: string
    readonly ids: CpuMap
    readonly props: CpuInstanceProperties
  }>()
  expectTypeOf(layoutArguments).toEqualTypeOf<(input: VcpuLayout) => readonly string[]>()
  expectTypeOf(parseLayout).toEqualTypeOf<(value: unknown) => VcpuLayout>()
})
