export { QmpClient, type QmpClientState } from './client.ts'
export { DEFAULT_MAX_MESSAGE_BYTES, type QmpCallOptions, type QmpConnectOptions } from './connect-options.ts'
export {
  callQmp,
  decodeReply,
  isKnownCommand,
  type AcceleratorInfo,
  type ChardevInfo,
  type KvmInfo,
  type MachineInfo,
  type MigrationInfo,
  type QemuStatus,
  type QemuVersion,
  type QmpCommandName,
  type QmpCommands,
  type TypeProperty,
} from './commands.ts'
export type { AcpiOst } from '../bitmap/machine/replies.ts'
export { knownEvent, type DeviceEventData, type KnownQmpEvent, type QmpEventName, type QmpEvents } from './events.ts'
export type { QmpArguments, QmpEvent, QmpExecutor } from './executor.ts'
export {
  QMP_COMMAND_TIMEOUT_MS as DEFAULT_COMMAND_TIMEOUT_MS,
  QMP_CONNECT_TIMEOUT_MS as DEFAULT_CONNECT_TIMEOUT_MS,
} from '../wire/defaults.ts'
export type { ExecuteOptions, ReplyKind } from '../wire/call-options.ts'
export { systemClock, type Clock, type Timer } from '../wire/clock.ts'
export type { Dialer, Target } from '../wire/target.ts'
export {
  isSchemaEvent,
  type AnyCommandName,
  type QmpSchemaArguments,
  type QmpSchemaCommandName,
  type QmpSchemaCommands,
  type QmpSchemaEvents,
  type QmpSchemaReturn,
  type RestOfCall,
} from './schema-map.ts'
export { openMonitor, type OpenMonitorOptions } from './open-monitor.ts'
export { QmpMultiplexer, type QmpMultiplexerOptions } from './multiplexer.ts'
export type { QmpGreeting } from './greeting.ts'
export type { CpuFast, CpuInstanceProperties, HotpluggableCpu } from '../bitmap/machine/replies.ts'
export type { CallOptions } from '../wire/call-options.ts'
export {
  CommandError,
  ConnectionError,
  ProtocolError,
  TimeoutError,
  type ConnectionErrorCode,
  type ProtocolErrorCode,
} from '../errors/peer-errors.ts'
export { OverflowError } from '../errors/overflow-error.ts'
export { EventStream } from '../wire/event-stream.ts'
export type { SocketAddress, TcpAddress } from '../wire/socket.ts'
export { WIRE_CHANNEL, type WireTrace, type WireTraceEntry } from '../wire/trace.ts'
export { InputError, type InputErrorCode, type SimulationInputCode } from '../errors/input-error.ts'
export { LimitError, type LimitErrorCode } from '../errors/limit-error.ts'
export type { WireLimits } from '../wire/limits.ts'
export { VcpuError, type Outcome, type VcpuErrorOptions } from '../errors/vcpu-error.ts'
