import { foreignValue, ProtocolError } from '../../index.ts'
import { compareText } from './read.ts'
import { comment, memberName } from './text.ts'

/** A command of the agent, as `guest-info` lists it. */
export interface AgentCommand {
  readonly name: string
  readonly enabled: boolean
  /** Is it answered when it succeeds? One that is not, such as `guest-shutdown`, is answered when it fails only. */
  readonly answers: boolean
}

/** Most commands that are read of an agent, which may be hostile. */
const MAX_COMMANDS = 10_000

/**
 * Read the reply to `guest-info`.
 *
 * @returns its commands, sorted by name
 * @throws {@link ProtocolError} when it is not one
 */
export function readGuestInfo(reply: unknown): readonly AgentCommand[] {
  const commands = memberOf(reply, 'supported_commands')
  if (!Array.isArray(commands) || commands.length > MAX_COMMANDS) {
    const shown = foreignValue(commands, 80)
    throw new ProtocolError(
      `supported_commands of guest-info is ${shown}, expected an array of at most ${MAX_COMMANDS} commands`,
    )
  }
  const byName = new Map(commands.map(readCommand).map((command) => [command.name, command]))
  return [...byName.values()].sort((a, b) => compareText(a.name, b.name))
}

/**
 * The TypeScript declaration of the commands of one agent. It adds them to `QgaListedCommands` of `qemu-vcpu/qga`.
 *
 * @returns the text of a `.d.ts` file without a heading; it ends with a newline
 */
export function qgaDeclaration(commands: readonly AgentCommand[]): string {
  const members = commands.map(({ name, enabled, answers }) => {
    const notes = [
      ...(enabled ? [] : ['Disabled in this agent.']),
      ...(answers ? [] : ['Is not answered when it succeeds: wait for its effect.']),
    ]
    return `${comment(notes, '    ')}    ${memberName(name)}: { enabled: ${String(enabled)}; answers: ${String(answers)} }\n`
  })
  return `declare module 'qemu-vcpu/qga' {\n  interface QgaListedCommands {\n${members.join('')}  }\n}\n`
}

function readCommand(command: unknown): AgentCommand {
  const name = memberOf(command, 'name')
  const enabled = memberOf(command, 'enabled')
  // Agents before 1.6 do not say whether a command answers.
  const answers = memberOf(command, 'success-response') ?? true
  if (typeof name === 'string' && typeof enabled === 'boolean' && typeof answers === 'boolean') {
    return { name, enabled, answers }
  }
  throw new ProtocolError(`a command of guest-info is ${foreignValue(command, 80)}`)
}

/** A member of its own; `undefined` where it has no such member, or is not an object. */
function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return Object.entries(value).find(([name]) => name === key)?.[1]
}
