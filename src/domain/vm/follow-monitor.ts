import { ProtocolError } from '../../errors/peer-errors.ts'
import { knownEvent } from '../../qmp/events.ts'
import type { QmpEvent, QmpExecutor } from '../../qmp/executor.ts'
import type { VmDriver } from './driver.ts'

/** What a connection made here reports, in the order in which it came over the wire. */
export interface MonitorListener {
  readonly onConnected: () => void
  readonly onDisconnected: (cause: Error) => void
  readonly onEvent: (event: QmpEvent) => void
}

/** Pass on to the driver what a connection reports. */
export function monitorListener(driver: () => VmDriver): MonitorListener {
  return {
    onConnected: () => {
      driver().take({ type: 'connected' })
    },
    onDisconnected: (cause) => {
      driver().take({ type: 'disconnected', cause })
    },
    onEvent: (event) => {
      takeEvent(driver(), event)
    },
  }
}

/**
 * Follow an executor of the caller's own, whose connection is the caller's to keep. Events are hints: where it has none, or
 * its stream ends, what they would have hinted at is still looked at from time to time, and a reset may be missed.
 */
export function followExecutor(qmp: QmpExecutor, driver: VmDriver): void {
  // A connection made here has reported itself.
  if (driver.state.isConnected) return
  driver.take({ type: 'connected' })
  const events = qmp.events?.()[Symbol.asyncIterator]()
  if (events === undefined) {
    driver.take({ type: 'events-ended' })
    return
  }
  driver.ended.signal.addEventListener('abort', () => void events.return?.().catch(() => undefined))
  void follow(events, driver)
}

/** Never rejects: a stream that fails (its reader fell behind, its executor broke) ends like one that is over. */
async function follow(events: AsyncIterator<QmpEvent>, driver: VmDriver): Promise<void> {
  try {
    for (let next = await events.next(); next.done !== true; next = await events.next()) takeEvent(driver, next.value)
  } catch {
    // Without hints the looks go on by themselves.
  }
  driver.take({ type: 'events-ended' })
}

function takeEvent(driver: VmDriver, event: QmpEvent): void {
  try {
    const known = knownEvent(event)
    if (known !== undefined) driver.take({ type: 'event', event: known })
  } catch (error) {
    // An event that QEMU's schema does not allow hints at nothing.
    if (!(error instanceof ProtocolError)) throw error
  }
}
