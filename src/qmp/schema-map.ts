import type { QmpArguments, QmpEvent } from './executor.ts'
import type { QmpCallOptions } from './connect-options.ts'

/**
 * The commands of one QEMU: what each takes and returns, as its schema has it. Empty; the file that `qemu-vcpu typegen` makes
 * of a QEMU adds its commands by declaration merging. Nothing is checked against them at run time, other than
 * the commands of `QmpCommands`.
 */
export interface QmpSchemaCommands {}

/** The events of one QEMU and their data; filled as {@link QmpSchemaCommands} is. */
export interface QmpSchemaEvents {}

/** A command of {@link QmpSchemaCommands}. */
export type QmpSchemaCommandName = keyof QmpSchemaCommands

/** What a command takes by the schema; of a command that is not in it any object. */
export type QmpSchemaArguments<C extends string> = C extends QmpSchemaCommandName
  ? QmpSchemaCommands[C] extends { arguments: infer Arguments }
    ? Arguments
    : never
  : QmpArguments | undefined

/** What a command returns by the schema; of a command that is not in it that is not known. */
export type QmpSchemaReturn<C extends string> = C extends QmpSchemaCommandName
  ? QmpSchemaCommands[C] extends { returns: infer Return }
    ? Return
    : never
  : unknown

/** What follows the name of a command in `execute`: its arguments can be left out where it requires none. */
export type RestOfCall<C extends string> =
  Readonly<Record<string, never>> extends QmpSchemaArguments<C>
    ? [args?: QmpSchemaArguments<C>, options?: QmpCallOptions]
    : undefined extends QmpSchemaArguments<C>
      ? [args?: QmpSchemaArguments<C>, options?: QmpCallOptions]
      : [args: QmpSchemaArguments<C>, options?: QmpCallOptions]

/**
 * Without a schema any name is one of a command. Not a generic type: a call of a union of clients needs one signature that all
 * of them have.
 */
export type AnyCommandName = [QmpSchemaCommandName] extends [never] ? string : never

/**
 * Is it that event of the schema? Then its data has the schema's type, which is not checked.
 *
 * @param name - of an event of {@link QmpSchemaEvents}
 */
export function isSchemaEvent<N extends keyof QmpSchemaEvents>(
  event: QmpEvent,
  name: N,
): event is QmpEvent & { readonly event: N; readonly data: QmpSchemaEvents[N] } {
  return event.event === name
}
