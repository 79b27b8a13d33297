export { Domain } from './domain.ts'
export type { AnyVcpuError } from './any-vcpu-error.ts'
export type { DomainConnectLimits, DomainOptions } from './domain-options.ts'
export type { DomainLimits } from './limits.ts'
export type { Endpoint, ReconnectMode } from '../wire/endpoint.ts'
export { connectionFinding } from './doctor/connection.ts'
export { FINDING_SEVERITIES, type Finding, type FindingSeverity } from './doctor/finding.ts'
export { GuestChangeError, type GuestChangeCode, type GuestChangeFailure } from './change/guest-change-error.ts'
export type { DomainEvent } from './vm/news.ts'
export type { DomainState, DomainStateChange } from './vm/phase.ts'
export { GuestRefusedError, NotConfirmedError, RefusedError, type RefusalCode } from './errors.ts'
export {
  CONFIDENCES,
  VCPU_MAP_KINDS,
  type ChangeResult,
  type ChangeStep,
  type ChangeStepName,
  type OnStep,
  type SetVcpuStateOptions,
  type Confidence,
  type Vcpu,
  type KnownVcpuGuest,
  type UnknownVcpuGuest,
  type VcpuGuest,
  type VcpuChange,
  type VcpuMapKind,
  type VcpusOptions,
} from './results.ts'
export { layoutArguments, type VcpuDevice, type VcpuLayout } from './layout/layout.ts'
export { parseLayout } from './layout/parse-layout.ts'
export {
  NotReachableError,
  ScaleAbortError,
  ScaleError,
  type NearestCounts,
  type ScaleFailure,
} from './scale/errors.ts'
export { GuestScaleError, type GuestScaleFailure } from './scale/guest-scale-error.ts'
export type { GuestScaleResult } from './scale/guest-run.ts'
export { SCALE_POLICIES, type ScalePolicy } from './scale/order.ts'
export type { Plan, PlanStep } from './scale/plan-step.ts'
export type { PlanOptions } from './scale/plan.ts'
export type {
  AtStep,
  Planned,
  RollbackFailed,
  ScaleOptions,
  ScaleProgress,
  ScaleResult,
  SetVcpuStatesOptions,
  StepDone,
  StepFailed,
  StepRolledBack,
  StepStarted,
} from './scale/progress.ts'
export {
  CHANGE_CHANNEL,
  EVENT_CHANNEL,
  STATE_CHANNEL,
  type ChangeKind,
  type ChangeMessage,
  type EventMessage,
  type StateMessage,
} from './telemetry.ts'
export { ScaleRun } from './scale/scale-run.ts'
