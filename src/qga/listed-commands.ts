/**
 * The commands of one agent, and of each whether it is enabled there, and answers when it succeeds. Empty; the file that
 * `qemu-vcpu typegen --qga` makes of an agent adds its commands by declaration merging. What they take and return is not
 * known to the agent.
 */
export interface QgaListedCommands {}

/** A command of {@link QgaListedCommands}. */
export type QgaListedCommandName = keyof QgaListedCommands

/** What a listed command returns: nothing is known of it, other than that some never answer. */
export type QgaListedReturn<C extends QgaListedCommandName> = QgaListedCommands[C] extends { answers: false }
  ? never
  : unknown
