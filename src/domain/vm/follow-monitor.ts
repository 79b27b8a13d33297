import { ProtocolError } from '../../errors/peer-errors.ts'
import { knownEvent } from '../../qmp/events.ts'
import type { QmpEvent, QmpExecutor } from '../../qmp/executor.ts'
import { inBackground } from '../../wire/background.ts'
import { publishLimit } from '../../wire/telemetry.ts'
import { publishEvent } from '../telemetry.ts'
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
      publishLimit(driver().name, 'qmp', cause)
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
  const events = eventsOf(qmp)
  if (events === undefined) {
    driver.take({ type: 'events-ended' })
    return
  }
  driver.ended.signal.addEventListener('abort', () => {
    inBackground("leaving an executor's events", leave(events))
  })
  inBackground("following an executor's events", follow(events, driver))
}

/** None where the executor cannot give them: a stream that fails is as good as one that is over. */
function eventsOf(qmp: QmpExecutor): AsyncIterator<QmpEvent> | undefined {
  try {
    return qmp.events?.()[Symbol.asyncIterator]()
  } catch {
    // Without hints the looks go on by themselves.
    return undefined
  }
}

/** The domain is closed by then: nothing depends on it. The executor may throw, reject, or return anything. */
async function leave(events: AsyncIterator<QmpEvent>): Promise<void> {
  try {
    await events.return?.()
  } catch {
    // It is the caller's executor, whose stream was left all the same.
  }
}

/** A stream that fails (its reader fell behind, its executor broke) ends like one that is over. */
async function follow(events: AsyncIterator<QmpEvent>, driver: VmDriver): Promise<void> {
  try {
    for (let next = await events.next(); next.done !== true; next = await events.next()) takeEvent(driver, next.value)
  } catch {
    // Without hints the looks go on by themselves.
  }
  driver.take({ type: 'events-ended' })
}

function takeEvent(driver: VmDriver, event: QmpEvent): void {
  publishEvent(driver, event)
  try {
    const known = knownEvent(event)
    if (known !== undefined) driver.take({ type: 'event', event: known })
  } catch (error) {
    // An event that QEMU's schema does not allow hints at nothing.
    if (!(error instanceof ProtocolError)) throw error
  }
}
