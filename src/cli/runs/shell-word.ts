import { printable } from '../../index.ts'

/** One word of a command line, quoted for a shell where it must be. */
export function shellWord(word: string): string {
  const shown = printable(word)
  // In a text such as $'…' bash, zsh and ksh read \UXXXXXXXX as the characters that a terminal must not see.
  if (shown !== word) return `$'${escapedForShell(word)}'`
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

function escapedForShell(word: string): string {
  return Array.from(word, (character) => {
    if (character === '\\' || character === "'") return `\\${character}`
    if (printable(character) === character) return character
    return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`
  }).join('')
}
