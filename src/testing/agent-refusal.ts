import { Refusal } from './refusal.ts'

/**
 * How an agent of a version refuses a command that its configuration forbids: since 4.2 with the class of a command that
 * does not exist, before that like any failure (qapi/qmp-dispatch.c).
 */
export function blockedCommand(command: string, version = '10.0.0'): Refusal {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const words =
    major >= 6
      ? `Command ${command} has been disabled: the command is not allowed`
      : `The command ${command} has been disabled for this instance`
  return new Refusal(words, major > 4 || (major === 4 && minor >= 2) ? 'CommandNotFound' : 'GenericError')
}
