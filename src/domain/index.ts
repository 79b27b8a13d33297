export { Domain, type DomainOptions } from './domain.ts'
export type { Endpoint } from '../wire/endpoint.ts'
export { connectionFinding } from './doctor/connection.ts'
export { FINDING_SEVERITIES, type Finding, type FindingSeverity } from './doctor/finding.ts'
export type { ChangeStep, ChangeStepName } from './results.ts'
export type { DomainEvent } from './events.ts'
export { GuestChangeError } from './change/guest-change-error.ts'
export { GuestRefusedError, NotConfirmedError, RefusedError, type RefusalCode } from './errors.ts'
export {
  CONFIDENCES,
  VCPU_MAP_KINDS,
  type ChangeResult,
  type SetVcpuStateOptions,
  type Confidence,
  type Vcpu,
  type VcpuGuest,
  type VcpuChange,
  type VcpuMapKind,
  type VcpusOptions,
} from './results.ts'
export { NotReachableError, ScaleError } from './scale/errors.ts'
export { SCALE_POLICIES, type ScalePolicy } from './scale/order.ts'
export type { Plan, PlanStep } from './scale/plan-step.ts'
export type { PlanOptions } from './scale/plan.ts'
export type { ScaleOptions, ScaleProgress, ScaleResult, SetVcpuStatesOptions } from './scale/progress.ts'
export { ScaleRun } from './scale/scale-run.ts'
