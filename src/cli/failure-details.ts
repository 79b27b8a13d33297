import { CpuMap, GuestChangeError, GuestScaleError, NotReachableError, ScaleError, VcpuError } from '../index.ts'
import { InterruptedError } from './errors.ts'

/** What `--json` tells of an error beside its code, message and outcome: nothing of most. */
export function failureDetails(error: unknown): Readonly<Record<string, unknown>> {
  if (error instanceof ScaleError) return scaleDetails(error)
  if (error instanceof GuestScaleError) {
    const { changed, inDoubt, failed, rest, cause } = error
    return { changed, inDoubt, failed: String(failed), notTried: rest, cause: causeOrNull(cause) }
  }
  if (error instanceof NotReachableError) {
    return { nearestBelow: error.nearestBelow ?? null, nearestAbove: error.nearestAbove ?? null }
  }
  if (error instanceof GuestChangeError) return { failedStep: error.failedStep, steps: error.steps }
  if (error instanceof InterruptedError && error.run !== undefined) {
    return { changed: error.run.changed, inDoubt: error.run.inDoubt }
  }
  return {}
}

function scaleDetails({
  changed,
  inDoubt,
  rolledBack,
  failed,
  rest,
  cause,
}: ScaleError): Readonly<Record<string, unknown>> {
  const notTried = CpuMap.from(rest.flatMap(({ ids }) => [...ids]))
  return {
    changed,
    inDoubt,
    rolledBack,
    failed: failed.ids,
    notTried,
    cause: causeOrNull(cause),
  }
}

function causeOrNull(cause: unknown): object | null {
  return cause === undefined ? null : causeDocument(cause)
}

function causeDocument(cause: unknown): object {
  const own = cause instanceof VcpuError ? cause : undefined
  const message = cause instanceof Error ? cause.message : String(cause)
  return { code: own?.code ?? 'ERR_INTERNAL', message, outcome: own?.outcome ?? 'unknown' }
}
