import type { Clock, Domain, DomainOptions } from '../index.ts'

/** Takes text on its way out. */
export type TextSink = (text: string) => void

/** All that the command knows of the process that it runs in, so that it can be run without one. */
export interface CliIo {
  readonly stdout: TextSink
  readonly stderr: TextSink
  readonly env: Readonly<Record<string, string | undefined>>
  /** Is stdout a terminal? */
  readonly isTerminal: boolean
  /** Is stderr a terminal? Where nothing is said, it is none. */
  readonly stderrIsTerminal?: boolean
  /** The terminal's width in characters, where it says. */
  readonly columns: number | undefined
  /** Its height in lines, where it says. */
  readonly rows?: number | undefined
  /** What time-outs and waits go by; the system's unless given. */
  readonly clock?: Clock
  /** The time of day; the system's unless given. */
  readonly timeOfDay?: () => Date
  /** How a VM is reached; `Domain.connect` unless given. */
  readonly connect?: (options: DomainOptions) => Promise<Domain>
  /** Aborted when the reader of stdout has gone. */
  readonly unread?: AbortSignal
  /** Aborted when the command is interrupted. */
  readonly signal: AbortSignal
}
