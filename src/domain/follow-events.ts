import { ProtocolError } from '../errors/peer-errors.ts'
import { knownEvent } from '../qmp/events.ts'
import type { QmpEvent } from '../qmp/executor.ts'
import type { Vm } from './vm.ts'

/**
 * Tell the VM's parts of each event, until the function returned is called. Events are hints: where an executor has none,
 * or its stream ends, what they would have hinted at is still looked at from time to time.
 */
export function followEvents(vm: Vm): () => void {
  const iterator = vm.qmp.events?.()[Symbol.asyncIterator]()
  if (iterator === undefined) return () => undefined
  void follow(iterator, vm)
  return () => {
    void iterator.return?.()
  }
}

async function follow(events: AsyncIterator<QmpEvent>, vm: Vm): Promise<void> {
  for (;;) {
    let next: IteratorResult<QmpEvent>
    try {
      next = await events.next()
    } catch {
      // The stream failed (its reader fell behind, its executor broke). Without hints the looks go on by themselves.
      return
    }
    if (next.done === true) return
    tell(vm, next.value)
  }
}

function tell(vm: Vm, event: QmpEvent): void {
  try {
    const known = knownEvent(event)
    if (known !== undefined) vm.onEvent(known)
  } catch (error) {
    // An event that QEMU's schema does not allow hints at nothing.
    if (!(error instanceof ProtocolError)) throw error
  }
}
