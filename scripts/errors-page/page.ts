import type { CodesInSource } from './codes.ts'
import { ERROR_GROUPS, type ErrorGroup, type ErrorWords } from './words.ts'

/** The text of docs/errors.md, not yet formatted. Pure. */
export function errorsPage(codes: CodesInSource, groups: readonly ErrorGroup[] = ERROR_GROUPS): string {
  return `# Errors

<!-- Made by npm run pages from the codes in src; the words are in scripts/errors-page/words.ts. -->

Every error of the library is a \`VcpuError\` with a stable \`code\`, a literal \`name\` (its class), a \`message\` for people and
the \`cause\`. The command prints the same codes with \`--json\`. Branch on the code or the class, never on the text.

Every error of a change has an \`outcome\`:

| outcome    | the state now                                                            |
| ---------- | ------------------------------------------------------------------------ |
| \`not-sent\` | What it was: nothing left this process.                                  |
| \`rejected\` | What it was: the request was sent and refused, or undone completely.     |
| \`partial\`  | Some of it was done; the error says which part.                          |
| \`unknown\`  | The request was sent and its result is not known (yet): read the maps.   |

A read that is aborted rejects with its \`signal.reason\`, which is the caller's own and has no code.

${groups.map((group) => section(group, codes)).join('\n\n')}
`
}

function section({ title, exit, about, errors }: ErrorGroup, codes: CodesInSource): string {
  return `## ${title}

Exit status: ${exit}. ${about}

| code | what happened | what was changed | what to do |
| --- | --- | --- | --- |
${errors.map((words) => row(words, codes.get(words.code) ?? new Set())).join('\n')}`
}

function row({ code, happened, changed, toDo }: ErrorWords, classes: ReadonlySet<string>): string {
  const names = [...classes].sort().map((name) => `\`${name}\``)
  return `| \`${code}\`${names.length === 0 ? '' : `<br>${names.join(', ')}`} | ${happened} | ${changed} | ${toDo} |`
}
