import type { Domain, DomainOptions, CallOptions, SocketAddress } from '../index.ts'
import type { CliIo } from './io.ts'
import type { Paint } from './render/style.ts'

/** One option of the command line. */
export interface OptionHelp {
  readonly type: 'boolean' | 'string'
  /** What stands for its value in the help, such as `MS`. */
  readonly value?: string
  readonly help: string
}

/** What a verb was given beside the options that every verb has. */
export interface VerbArguments {
  readonly operands: readonly string[]
  /** Its own options that were given: their text, or `true` for one without a value. */
  readonly options: ReadonlyMap<string, string | true>
  /** Was `--qga` given? */
  readonly hasAgent: boolean
  /** Which of the options that say where the VM is stand on the command line; a variable that stands in for one does not count. */
  readonly whereOptions: readonly string[]
}

/** How to reach the VM, as `Domain.connect` takes it. */
export interface Target {
  readonly qmp?: DomainOptions['qmp']
  readonly qga?: SocketAddress
  readonly timeoutMs?: number
}

/** What a verb works with that connects by itself. */
export interface Surroundings {
  /** What was given with `--qmp`, `--via` and `--qga`. */
  readonly target: Target
  /** The bounds of the next call: the interruption, and what is left of `--timeout`, which is for the whole verb. */
  readonly call: () => CallOptions
  readonly wantsJson: boolean
  readonly io: CliIo
}

/** What a verb works with once the VM is connected. */
export interface Session extends Omit<Surroundings, 'target'> {
  readonly domain: Domain
  /** The bounds of one call of a verb that makes calls without end: `--timeout` is for each of them. */
  readonly each: () => CallOptions
  /** Connects the VM once more, as `domain` was. */
  readonly connect: () => Promise<Domain>
  /** From here on a failure without an outcome of its own means that the result is unknown. */
  readonly onChanging: () => void
  /** Was `--qga` given? */
  readonly hasAgent: boolean
  readonly paint: Paint
  /** Where lines are to be broken; `undefined` where nobody looks at a terminal. */
  readonly columns: number | undefined
}

/** A verb's result, for scripts and for people. */
export interface Answer {
  /** The one document of `--json`; `undefined` where the verb has printed its own. */
  readonly json: object | undefined
  /** The same for people; ends without a newline. Nothing is printed for `''`. */
  readonly text: () => string
  /** What a person may want to do next: one line on stderr, never with `--json`. */
  readonly hint?: string
  /** Why a part of it is missing: printed beside it, and the command ends as if that were all. */
  readonly failure?: unknown
}

/** What a verb does once the VM is connected. */
export type VerbRun = (session: Session) => Promise<Answer>

/** What a verb does that connects by itself. */
export type LoneRun = (surroundings: Surroundings) => Promise<Answer>

/**
 * What a verb is, for the help, the completion and the reading of a command line. To add one, write its file, put it into the
 * table of `verbs/index.ts`, and write its code in `runs/`.
 */
export interface Verb {
  readonly name: string
  /** What its operands are called in its usage, such as `['IDS', 'on|off']`. */
  readonly operands: readonly string[]
  /** One line for the list of verbs. */
  readonly summary: string
  /** The rest of its help. */
  readonly details: string
  /** The options that only it has. */
  readonly options: Readonly<Record<string, OptionHelp>>
  /**
   * Does it send anything that changes the VM: always unless it is given `--dry-run`, never, or only with the option that is
   * named here? Decides what a failure without an `outcome` of its own means.
   */
  readonly changes: boolean | string
  /** Does it work through the guest's agent alone? Then the monitor is not connected, also where `--qmp` is given. */
  readonly agentOnly?: boolean
  /** Is `--qga` required, whatever else is given? */
  readonly needsAgent: boolean
  /** Is it of use without the agent's channel too, should that not open? Then it is opened at its first use only. */
  readonly lazyAgent?: boolean
  /** Does it connect by itself, to what it was given, and do without `--qmp` where its operands say enough? */
  readonly connectsItself?: boolean
  /** Its code, which is loaded when the verb is named. */
  readonly load: () => Promise<VerbCode | LoneCode>
}

/** What a verb is carried out by: a file of `runs/`. */
export interface VerbCode {
  /**
   * Check what the verb was given, before anything is connected.
   *
   * @throws {@link InputError} when that is wrong usage
   */
  readonly prepare: (given: VerbArguments) => VerbRun
  /** What more there is to say of a failure: printed beside it, in the failure's JSON document too. */
  readonly explain?: ((error: unknown) => Answer | undefined) | undefined
}

/** What a verb is carried out by that connects by itself. */
export interface LoneCode {
  /**
   * Check what the verb was given, before anything is connected.
   *
   * @param target - what was given with `--qmp`, `--via` and `--qga`
   * @throws {@link InputError} when that is wrong usage
   */
  readonly prepareAlone: (given: VerbArguments, target: Target) => LoneRun
}
