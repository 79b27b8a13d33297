import { expect } from 'vitest'

/** What must not come out as it is: it steers a terminal, forges a line, turns text round, or is not seen. */
const CHARACTERS = [
  // An ink of the command's own.
  '\u001b[32mspoof',
  '\u001b[31m\u001b]0;title\u0007\u001b[2J',
  '\0\b\t\v\f\r\n',
  '\u007f\u0080\u0085\u009b31m\u009f',
  '\u202a\u202b\u202d\u202e\u202c\u2066\u2067\u2068\u2069\u200e\u200f\u061c',
  '\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u3164',
  '\u2028\u2029',
  '\ud83d \udc27',
  '\u{e0001}\u{e0041}\u{1d173}',
]

/** A text with all of them; a line of it pretends to be one of ours. */
export const HOSTILE = `x${CHARACTERS.join('y')}\nforged: done`

const RAW = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu

/** Nothing of {@link HOSTILE} is in a text as it is, but for at most so many newlines, which are our own. */
export function expectPrintable(text: string, mostNewlines: number): void {
  const raw = [...text.matchAll(RAW)].map(([character]) => character)
  const others = raw.filter((character) => character !== '\n')
  expect(others.map((character) => (character.codePointAt(0) ?? 0).toString(16))).toEqual([])
  expect(raw.length).toBeLessThanOrEqual(mostNewlines)
}
