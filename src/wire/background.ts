import { foreignText } from '../errors/quote.ts'

/**
 * Go on without waiting for a task. It must handle its own failures: its caller has gone on. One that
 * rejects all the same is a defect of this package, which must not end its process: it is reported as a warning.
 *
 * @param what - the task, in words
 */
export function inBackground(what: string, task: Promise<unknown>): void {
  task.catch((error: unknown) => {
    const why = foreignText(error instanceof Error ? (error.stack ?? error.message) : String(error), MAX_DETAIL)
    process.emitWarning(`${what} failed, which is a defect of qemu-vcpu: ${why}`, { code: 'QEMU_VCPU_DEFECT' })
  })
}

/** Enough for a stack, in characters. */
const MAX_DETAIL = 4_000
