import { foreignText, VcpuError, type Outcome } from '../index.ts'
import { exitCodeOf } from './exit-code.ts'
import { failureDetails } from './failure-details.ts'

/** How far a verb had come: nothing that changes the VM can have been sent before `changing`. */
export type Stage = 'harmless' | 'changing'

/** A failure as the command tells it. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly outcome: Outcome
  /** What else scripts are told of this kind of error. */
  readonly details: Readonly<Record<string, unknown>>
  readonly exitCode: number
}

/** Longest line for people, in characters. */
const MAX_LINE = 2_000

/** What to tell about an error; anything that is not the package's own is a defect of it, and told as one. */
export function failureOf(error: unknown, stage: Stage): Failure {
  const own = error instanceof VcpuError ? error : undefined
  // A query that failed may call its own outcome unknown; for a verb that only reads nothing is unknown about the VM.
  const outcome = stage === 'harmless' ? 'not-sent' : (own?.outcome ?? 'unknown')
  return {
    code: own?.code ?? 'ERR_INTERNAL',
    message: error instanceof Error ? error.message : String(error),
    outcome,
    details: failureDetails(error),
    exitCode: exitCodeOf(error, outcome),
  }
}

/** The document of `--json`. */
export function failureDocument({ code, message, outcome, details }: Failure): object {
  return { error: { code, message, outcome, ...details } }
}

/** One line for people, whatever the message holds: an address or a peer's words may steer no terminal. */
export function failureLine(failure: Failure): string {
  const hint = hintFor(failure)
  return `qemu-vcpu: ${foreignText(failure.message, MAX_LINE)}${hint === undefined ? '' : ` (${hint})`}`
}

function hintFor({ code, outcome }: Failure): string | undefined {
  if (code === 'ERR_PART_OF_SLOT') return 'with --whole-slot'
  if (code === 'ERR_INTERNAL') return 'this is a defect of qemu-vcpu'
  if (outcome === 'unknown') return "it may have been done, or still be: look with 'qemu-vcpu list'"
  return undefined
}
