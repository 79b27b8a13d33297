import { CommandError, ConnectionError, ProtocolError, TimeoutError } from '../errors/peer-errors.ts'

/**
 * The error of `connect()` for what a handshake failed with: whatever the peer did, there is no connection. What is not the
 * peer's doing (the signal's reason, what a caller's hook throws) stays what it is.
 */
export function connectError(where: string, timeoutMs: number, cause: unknown): unknown {
  if (cause instanceof ProtocolError) {
    return new ConnectionError('ERR_NOT_QMP', `${where} is not a QMP monitor: ${cause.message}`, { cause })
  }
  if (cause instanceof CommandError) {
    const message = `${where} greeted, and refused the negotiation: ${cause.description}`
    return new ConnectionError('ERR_NOT_QMP', message, { cause })
  }
  if (cause instanceof TimeoutError) {
    const message = `${where} greeted, but did not answer within ${timeoutMs} ms: QEMU hangs`
    return new ConnectionError('ERR_MONITOR_HANGS', message, { cause })
  }
  return cause
}
