import type { Clock, Domain, DomainOptions, QgaClient, QmpClient } from '../index.ts'

/** Takes text on its way out. */
export type TextSink = (text: string) => void

/** What a program that draws on a terminal wants of it. */
export interface TerminalHold {
  /** Is given what the terminal sends, as it is sent: the keys, ^C among them, and nothing is echoed. */
  readonly onInput: (input: string) => void
  /** Is called when the terminal has another size. */
  readonly onResize: () => void
  /** What makes the terminal the program's, which has written it: written again when the process goes on after ^Z. */
  readonly enter: string
  /** What gives the terminal back: written should the process end or be suspended in the meantime, in whichever way. */
  readonly leave: string
}

/** A terminal that was taken. */
export interface HeldTerminal {
  /** `false` while ^Z suspends the process, or is about to: what is written then lands between the shell's lines. */
  readonly isHeld: () => boolean
  readonly release: () => void
}

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
  /** Takes the terminal until it is released; not there where no person can press a key. */
  readonly holdTerminal?: (hold: TerminalHold) => HeldTerminal
  /** What time-outs and waits go by; the system's unless given. */
  readonly clock?: Clock
  /** The time of day; the system's unless given. */
  readonly timeOfDay?: () => Date
  /** How a VM is reached; `Domain.connect` unless given. */
  readonly connect?: (options: DomainOptions) => Promise<Domain>
  /** How a monitor and an agent are reached without a `Domain`; the clients' own `connect` unless given. */
  readonly clients?: { readonly qmp: typeof QmpClient.connect; readonly qga: typeof QgaClient.connect }
  /** Aborted when the reader of stdout has gone. */
  readonly unread?: AbortSignal
  /** Aborted when the command is interrupted. */
  readonly signal: AbortSignal
}
