export { QgaClient, type QgaClientState } from './client.ts'
export { DEFAULT_MAX_MESSAGE_BYTES, type QgaConnectOptions } from './connect-options.ts'
export {
  callQga,
  decodeReply,
  isKnownCommand,
  type GuestCpuChange,
  type GuestFileChunk,
  type GuestCommand,
  type GuestInfo,
  type GuestOsInfo,
  type QgaCommandName,
  type QgaCommands,
} from './commands.ts'
export {
  QGA_COMMAND_TIMEOUT_MS as DEFAULT_COMMAND_TIMEOUT_MS,
  QGA_SYNC_TIMEOUT_MS as DEFAULT_SYNC_TIMEOUT_MS,
} from '../wire/defaults.ts'
export type { ExecuteOptions, ReplyKind } from '../wire/call-options.ts'
export { systemClock, type Clock, type Timer } from '../wire/clock.ts'
export type { Dialer, Target } from '../wire/target.ts'
export type { QgaArguments, QgaExecutor } from './executor.ts'
export type { QgaListedCommandName, QgaListedCommands, QgaListedReturn } from './listed-commands.ts'
export { readGuestFile, type ReadGuestFileOptions } from './read-file.ts'
export { PartialChangeError, setGuestVcpus } from './set-vcpus.ts'
export type { GuestCpu } from '../bitmap/machine/replies.ts'
export type { CallOptions } from '../wire/call-options.ts'
export {
  CommandError,
  ConnectionError,
  ProtocolError,
  TimeoutError,
  type ConnectionErrorCode,
  type ProtocolErrorCode,
} from '../errors/peer-errors.ts'
export type { SocketAddress, TcpAddress } from '../wire/socket.ts'
export { WIRE_CHANNEL, type WireTrace, type WireTraceEntry } from '../wire/trace.ts'
export { InputError, type InputErrorCode, type SimulationInputCode } from '../errors/input-error.ts'
export { LimitError, type LimitErrorCode } from '../errors/limit-error.ts'
export type { WireLimits } from '../wire/limits.ts'
export { VcpuError, type Outcome, type VcpuErrorOptions } from '../errors/vcpu-error.ts'
