import { ConnectionError, InputError } from '../../../src/index.ts'
import { Refusal } from '../../../src/testing/index.ts'
import { acts } from '../../stories/domain-over-simulated-vm/acts.ts'
import type { Session } from './session.ts'

/** Something happens to the VM of a plan. */
export function act({ arena }: Session, { act: name, any }: { readonly act: string; readonly any: number }): void {
  try {
    acts[name]?.(arena, any)
  } catch (error) {
    // What QEMU or the guest refuses to anybody, or has no one to ask.
    const isRefused = error instanceof Refusal || error instanceof InputError || error instanceof ConnectionError
    if (!isRefused) throw error
  }
  arena.history.observe()
}
