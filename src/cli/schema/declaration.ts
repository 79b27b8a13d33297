import { EMPTY_DECLARATION, TypeWriter } from './declare-type.ts'
import { isEmptyObject, typeOf, type Command, type Schema } from './model.ts'
import { nameTypes } from './names.ts'
import { comment, featureNotes, memberName } from './text.ts'

/** The schema has three arguments of `device_add`; QEMU takes every property of the device beside them (`gen: false` in its sources). */
const OPEN_COMMANDS: ReadonlySet<string> = new Set(['device_add'])

/**
 * The TypeScript declaration of all commands and events of one QEMU. It adds them to `QmpSchemaCommands` and
 * `QmpSchemaEvents` of `qemu-vcpu/qmp`. The same schema gives the same text.
 *
 * @returns the text of a `.d.ts` file without a heading; it ends with a newline
 */
export function qmpDeclaration(schema: Schema): string {
  const names = nameTypes(schema)
  const writer = new TypeWriter(schema, names)
  const commands = schema.commands.map((command) => commandMember(schema, writer, command))
  const events = schema.events.map(
    ({ name, data, features }) =>
      `${comment(featureNotes(features), '    ')}    ${memberName(name)}: ${writer.use(data)}\n`,
  )
  return [
    `declare module 'qemu-vcpu/qmp' {\n  interface QmpSchemaCommands {\n${commands.join('')}  }\n\n`,
    `  interface QmpSchemaEvents {\n${events.join('')}  }\n}\n`,
    `\n${EMPTY_DECLARATION}`,
    ...[...names].map(([id, name]) => `\n${writer.declare(id, name)}`),
  ].join('')
}

function commandMember(schema: Schema, writer: TypeWriter, command: Command): string {
  const { name, returns, oob, features } = command
  const notes = [...(oob ? ['Can be executed out of band.'] : []), ...featureNotes(features)]
  const takes = argumentsOf(schema, writer, command)
  return `${comment(notes, '    ')}    ${memberName(name)}: { arguments: ${takes}; returns: ${writer.use(returns)} }\n`
}

function argumentsOf(schema: Schema, writer: TypeWriter, { name, arguments: args }: Command): string {
  if (isEmptyObject(typeOf(schema, args))) return 'undefined'
  const type = writer.use(args)
  return OPEN_COMMANDS.has(name) ? `${type} & Readonly<Record<string, unknown>>` : type
}
