import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonLine, safeText } from '../../../src/cli/render/safe-text.ts'
import { paintFor } from '../../../src/cli/render/style.ts'
import { shellWord } from '../../../src/cli/runs/shell-word.ts'
import { expectPrintable, HOSTILE } from '../../support/hostile-text.ts'

const anyText = fc.string({ unit: 'binary', maxLength: 60 })

test('a document is one line, and a parser reads what was in it', () => {
  fc.assert(
    fc.property(fc.dictionary(anyText, fc.array(anyText)), (document) => {
      const line = jsonLine(document)
      expectPrintable(line, 0)
      expect(JSON.parse(line)).toEqual({ ...document })
    }),
  )
  expect(jsonLine({ a: '\u009b\u2028\u{e0001}é🐧' })).toBe('{"a":"\\u009b\\u2028\\udb40\\udc01é🐧"}')
})

test('text for people keeps its lines, and its inks where there are any', () => {
  const paint = paintFor({ isTerminal: true, env: {} })
  const text = `${paint('alarm', 'one')}\n${paint('dim', 'two\u001b[2J')}\u009b1m`
  expect(safeText(text, true)).toBe(`${paint('alarm', 'one')}\n${paint('dim', 'two\\u{1b}[2J')}\\u{9b}1m`)
  expect(safeText(paint('bold', 'x'), false)).toBe('\\u{1b}[1mx\\u{1b}[22m')
})

test('a word for a shell is printable, and bash reads it as what it was', () => {
  const words = [
    "it's",
    'a b',
    '\\n',
    '$HOME',
    '`id`',
    '\u001b[31mred',
    'line\nline',
    '\u202e\u{e0041}end',
    "'\\\u0007",
    '',
  ]
  for (const word of words) {
    expectPrintable(shellWord(word), 0)
    const env = { LC_ALL: 'C.UTF-8' }
    expect(execFileSync('bash', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8', env })).toBe(word)
  }
  expectPrintable(shellWord(HOSTILE), 0)
  expect(shellWord('-smp')).toBe('-smp')
})
