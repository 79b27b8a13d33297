import { printable } from '../../index.ts'
import type { Ink } from '../render/style.ts'

/** A piece of a line in one ink. */
export interface Span {
  readonly text: string
  readonly ink?: Ink | undefined
  /** Is it what the person points at? */
  readonly isCursor?: boolean
}

/** One line of a screen. */
export type Line = readonly Span[]

/** What is not one column wide on every terminal; the command's own sign for something cut is. */
const NOT_ONE_COLUMN = /[^\x20-\x7e…]/gu

/** Text whose columns can be counted: whatever is not ASCII is escaped. */
function countable(text: string): string {
  return printable(text).replace(NOT_ONE_COLUMN, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

/** A line of one span. */
export function lineOf(text: string, ink?: Ink): Line {
  return [{ text: countable(text), ink }]
}

/** Text in lines that are at most so wide: broken at blanks, and where a word is longer inside it. */
export function wrapLines(text: string, columns: number, ink?: Ink): readonly Line[] {
  const lines: string[] = []
  let line = ''
  for (const whole of countable(text).split(' ')) {
    let word = whole
    if (line !== '' && line.length + 1 + word.length <= columns) {
      line += ` ${word}`
      continue
    }
    if (line !== '') lines.push(line)
    for (; word.length > columns; word = word.slice(columns)) lines.push(word.slice(0, columns))
    line = word
  }
  return [...lines, line].map((each) => [{ text: each, ink }])
}

/** The line cut to so many columns; `…` stands for the rest. */
export function cutLine(line: Line, columns: number): Line {
  const length = line.reduce((sum, { text }) => sum + text.length, 0)
  if (length <= columns) return line
  const cut: Span[] = []
  let room = Math.max(0, columns - 1)
  for (const span of line) {
    if (room === 0) break
    cut.push({ ...span, text: span.text.slice(0, room) })
    room -= Math.min(room, span.text.length)
  }
  return columns < 1 ? [] : [...cut, { text: '…' }]
}
