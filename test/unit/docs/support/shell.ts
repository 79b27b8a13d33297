/** One simple command of a shell script. */
export interface ShellCommand {
  readonly words: readonly string[]
  /** The file that `>` names. */
  readonly output: string | undefined
}

/**
 * The simple commands of a script, as far as the pages need a shell: words, quotes, comments, continued lines, pipes, `&&`
 * and one `>`.
 */
export function shellCommands(script: string): readonly ShellCommand[] {
  return script
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) => splitLine(line).map(toCommand))
    .filter(({ words }) => words.length > 0)
}

function splitLine(line: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]]
  for (const [token] of line.matchAll(/(?:[^\s'"|&]|'[^']*'|"[^"]*")+|\||&&|&/g)) {
    if (token.startsWith('#')) break
    if (['|', '&&', '&'].includes(token)) commands.push([])
    else commands.at(-1)?.push(token.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'))
  }
  return commands
}

function toCommand(tokens: readonly string[]): ShellCommand {
  const at = tokens.indexOf('>')
  return at === -1 ? { words: tokens, output: undefined } : { words: tokens.slice(0, at), output: tokens[at + 1] }
}
