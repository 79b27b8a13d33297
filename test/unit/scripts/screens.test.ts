import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { inRepository } from '../../../scripts/formatted-page.ts'
import { terminalSvg } from '../../../scripts/screens/terminal-svg.ts'

const ESCAPE = '\u001b'

test('a screen becomes a picture with its inks, each run where it stands', () => {
  const svg = terminalSvg(
    [`a ${ESCAPE}[1mB${ESCAPE}[22m ${ESCAPE}[7;32mC<&${ESCAPE}[0m`, `${ESCAPE}[2m`, 'still dim'],
    10,
  )
  const texts = [
    ...svg.matchAll(
      /<text x="([\d.]+)" y="([\d.]+)" fill="(#\w+)"([^>]*?) textLength="[\d.]+" xml:space="preserve">([^<]*)</g,
    ),
  ]
  expect(texts.map(([, x, y, fill, weight, text]) => [Number(x), Number(y), fill, weight, text])).toEqual([
    [12, 26, '#d6dde6', '', 'a '],
    [28.8, 26, '#d6dde6', ' font-weight="bold"', 'B'],
    [45.6, 26, '#0d1117', '', 'C&lt;&amp;'],
    [12, 62, '#7f8b98', '', 'still dim'],
  ])
  // What is reversed has its colour behind it.
  expect(svg).toContain('<rect x="45.6" y="12" width="25.2" height="18" fill="#56d364"/>')
  expect(() => terminalSvg([`${ESCAPE}[35mx`], 10)).toThrow('a colour that the command does not use: 35')
})

const SIZES: Readonly<Record<string, readonly [columns: number, rows: number]>> = {
  '20-columns.txt': [20, 24],
  '255-slots.txt': [80, 24],
  '255-slots-large.txt': [132, 50],
  'pseries-scale.txt': [100, 30],
  'pseries-scaled.txt': [100, 30],
}

test('each screen that is kept is one of a terminal of its size', async () => {
  const texts = (await readdir(inRepository('docs/screens'))).filter((name) => name.endsWith('.txt'))
  expect(texts.sort()).toEqual(Object.keys(SIZES).sort())
  for (const [name, [columns, rows]] of Object.entries(SIZES)) {
    const lines = (await readFile(inRepository(`docs/screens/${name}`), 'utf8')).trimEnd().split('\n')
    expect(lines.length, name).toBeLessThanOrEqual(rows)
    for (const line of lines) expect(line.length, name).toBeLessThanOrEqual(columns)
    expect(lines[0], name).toMatch(/^\d+ of (64|255) plugged;/)
  }
})
