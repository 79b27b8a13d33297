import { Refusal } from './refusal.ts'

/** The arguments of a command, as they came. */
export type CommandArguments = Readonly<Record<string, unknown>>

/**
 * Answers a command: returns what the peer returns, throws a {@link Refusal}, or gives a promise of either. `usual` is
 * what the simulation would do without the hook; it may be called before, after or not at all.
 */
export type CommandHandler = (args: CommandArguments, usual: () => unknown) => unknown

/** A command that a simulated peer received. */
export interface ReceivedCommand {
  readonly command: string
  readonly arguments: CommandArguments
  /** The id that the client gave it, if any. */
  readonly id: unknown
}

/** A handler that never answers. */
export const hang: CommandHandler = () => new Promise(() => undefined)

/** The commands of a simulated peer: its own, the test's hooks over them, and the log of what was received. */
export class CommandHooks {
  readonly received: ReceivedCommand[] = []
  readonly #usual: Readonly<Record<string, (args: CommandArguments) => unknown>>
  readonly #hooks = new Map<string, CommandHandler>()

  constructor(usual: Readonly<Record<string, (args: CommandArguments) => unknown>>) {
    this.#usual = usual
  }

  /** Names of the commands that the peer knows by itself. */
  get names(): readonly string[] {
    return Object.keys(this.#usual)
  }

  /** Does the peer know it by itself, or the test for it? */
  knows(command: string): boolean {
    return Object.hasOwn(this.#usual, command) || this.#hooks.has(command)
  }

  /** Put `handler` over a command until the function returned is called. */
  hook(command: string, handler: CommandHandler): () => void {
    this.#hooks.set(command, handler)
    return () => {
      if (this.#hooks.get(command) === handler) this.#hooks.delete(command)
    }
  }

  /** @throws {@link Refusal} `CommandNotFound` where neither the peer nor the test knows the command */
  runUsual(command: string, args: CommandArguments): unknown {
    const own = Object.hasOwn(this.#usual, command) ? this.#usual[command] : undefined
    if (own === undefined) throw new Refusal(`The command ${command} has not been found`, 'CommandNotFound')
    return own(args)
  }

  /** As {@link runUsual}, through the test's hook where there is one. */
  run(command: string, args: CommandArguments): unknown {
    const usual = (): unknown => this.runUsual(command, args)
    const hook = this.#hooks.get(command)
    return hook === undefined ? usual() : hook(args, usual)
  }
}
