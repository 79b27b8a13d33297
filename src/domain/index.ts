export { Domain, type DomainOptions } from './domain.ts'
export type { Endpoint } from './connect.ts'
export type { ChangeStep, ChangeStepName } from './change/steps.ts'
export type { DomainEvent } from './events.ts'
export { GuestChangeError, GuestRefusedError, NotConfirmedError, RefusedError, type RefusalCode } from './errors.ts'
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
} from './results.ts'
