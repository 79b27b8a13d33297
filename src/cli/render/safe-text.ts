import { printable } from '../../index.ts'
import { INK_CODE } from './style.ts'

/** What JSON leaves as it is in its texts, and a terminal or a log obeys. */
const LEFT_BY_JSON = '[\\u007f-\\u009f\\p{Cf}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}]'

/** What has nothing of that, as most documents. */
const PLAIN = /^[\x20-\x7e]*$/

/**
 * A document as one line of JSON in which nothing steers a terminal or breaks the line: what JSON does not escape by itself is
 * escaped as `\uXXXX`, which a parser reads as what it was.
 */
export function jsonLine(document: object): string {
  const line = JSON.stringify(document)
  if (PLAIN.test(line)) return line
  // Made here: V8 takes as long for a literal as for a whole file, used or not.
  return line.replace(new RegExp(LEFT_BY_JSON, 'gu'), (character) =>
    Array.from({ length: character.length }, (_, at) => {
      const unit = character.charCodeAt(at).toString(16).padStart(4, '0')
      return `\\u${unit}`
    }).join(''),
  )
}

/**
 * Text for people on its way out: the last net, for text of others that was not escaped where it was put in. Newlines stay, and
 * on a terminal the command's own inks.
 */
export function safeText(text: string, hasInks: boolean): string {
  const parts = hasInks ? text.split(INK_CODE) : [text]
  // Every second part is an ink.
  return parts.map((part, at) => (at % 2 === 1 ? part : part.split('\n').map(printable).join('\n'))).join('')
}
