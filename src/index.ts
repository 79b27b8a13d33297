// The public list of `qemu-vcpu`: a VM's vCPU maps and the setters that change them, and all that these hand out.
export {
  ContradictionError,
  CpuMap,
  InputError,
  MAX_CPU_ID,
  VcpuError,
  type CpuInstanceProperties,
  type GuestMaps,
  type Outcome,
  type VcpuMaps,
} from './bitmap/index.ts'
export {
  Domain,
  GuestRefusedError,
  NotConfirmedError,
  RefusedError,
  VCPU_MAP_KINDS,
  type ChangeResult,
  type DomainOptions,
  type Endpoint,
  type RefusalCode,
  type SetVcpuStateOptions,
  type Confidence,
  type Vcpu,
  type VcpuGuest,
  type VcpuChange,
  type VcpuMapKind,
} from './domain/index.ts'
export { PartialChangeError, QgaClient, type QgaExecutor } from './qga/index.ts'
export {
  CommandError,
  ConnectionError,
  ProtocolError,
  QmpClient,
  TimeoutError,
  WIRE_CHANNEL,
  type CallOptions,
  type QmpEvent,
  type QmpExecutor,
  type SocketAddress,
  type WireTrace,
  type WireTraceEntry,
} from './qmp/index.ts'
