import { ProtocolError } from '../wire/errors.ts'
import { knownEvent } from '../qmp/events.ts'
import type { QmpEvent, QmpExecutor } from '../qmp/executor.ts'
import type { Removals } from './removals.ts'

/**
 * Tell the removals under way of each event, until the function returned is called. Events are hints: where an executor
 * has none, or its stream ends, the removals are still looked at from time to time.
 */
export function followEvents(qmp: QmpExecutor, removals: Removals): () => void {
  const iterator = qmp.events?.()[Symbol.asyncIterator]()
  if (iterator === undefined) return () => undefined
  void follow(iterator, removals)
  return () => {
    void iterator.return?.()
  }
}

async function follow(events: AsyncIterator<QmpEvent>, removals: Removals): Promise<void> {
  for (;;) {
    let next: IteratorResult<QmpEvent>
    try {
      next = await events.next()
    } catch {
      // The stream failed (its reader fell behind, its executor broke). Without hints the looks go on by themselves.
      return
    }
    if (next.done === true) return
    tell(removals, next.value)
  }
}

function tell(removals: Removals, event: QmpEvent): void {
  try {
    const known = knownEvent(event)
    if (known !== undefined) removals.onEvent(known)
  } catch (error) {
    // An event that QEMU's schema does not allow hints at nothing.
    if (!(error instanceof ProtocolError)) throw error
  }
}
