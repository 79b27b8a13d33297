import { AbortError, type Plan, type ScaleResult, type ScaleRun } from '../index.ts'
import { InterruptedError } from './errors.ts'
import { ProgressLine } from './render/progress-line.ts'
import type { Session } from './verb.ts'

/** Wait for a run of several changes, and meanwhile show people on stderr how far it has come. */
export async function finishRun({ wantsJson, io }: Session, run: ScaleRun): Promise<ScaleResult> {
  const line = new ProgressLine(io)
  try {
    for await (const progress of run) if (!wantsJson) line.show(progress)
    return await run
  } catch (error) {
    // Who interrupts a change of several wants to know how far it had come.
    throw error instanceof AbortError ? new InterruptedError(error.outcome, run) : error
  } finally {
    if (!wantsJson) line.clear()
  }
}

/** Field by field: what scripts parse must not change because the library's objects do. */
export function planDocument({ from, to, steps }: Plan): object {
  return { from, to, steps: steps.map(({ id, ids, online, reason }) => ({ id, ids, online, reason })) }
}
