import { shellCommands } from '../../unit/docs/support/shell.ts'
import { consoleSteps } from '../../unit/docs/support/console.ts'

/** A command that a page gives its reader. */
export interface GivenCommand {
  /** As the page has it, continued lines included. */
  readonly line: string
  /** What the page shows that it prints. */
  readonly shown: string | undefined
}

/** What a code span of the prose begins with, where it is a command and not a word, an option or a file. */
const PROGRAMS = ['apt', 'man', 'npm', 'qemu-vcpu', 'source']
const BLOCK_OR_SPAN = /^( *)```(\w+)\n([^]*?)^\1```$|`([^`]+)`/gm

/** The commands of the sections under these headings, in their order: those of blocks, and those in the prose. Pure. */
export function commandsUnder(headings: readonly string[], markdown: string): readonly GivenCommand[] {
  return headings.flatMap((heading) => {
    const section = markdown.split(/^## /m).find((text) => text.startsWith(`${heading}\n`))
    if (section === undefined) throw new Error(`there is no section '${heading}'`)
    return [...section.matchAll(BLOCK_OR_SPAN)].flatMap(([, indent = '', language, block = '', span]) =>
      span === undefined ? ofBlock(language, block.replaceAll(new RegExp(`^${indent}`, 'gm'), '')) : ofSpan(span),
    )
  })
}

function ofBlock(language: string | undefined, text: string): readonly GivenCommand[] {
  if (language === 'console') return consoleSteps(text).map(({ command, output }) => ({ line: command, shown: output }))
  if (language !== 'sh') throw new Error(`a block of ${String(language)} among the steps`)
  const lines = text.trim().split(/(?<!\\)\n/)
  return lines.filter((line) => line.trim() !== '').map((line) => ({ line, shown: undefined }))
}

function ofSpan(span: string): readonly GivenCommand[] {
  const [words = []] = shellCommands(span).map((command) => command.words)
  return words.length > 1 && PROGRAMS.includes(words[0] ?? '') ? [{ line: span, shown: undefined }] : []
}
