import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { readCells } from '../../test/matrix/results.ts'
import { inOrder, matrixFile, matrixText, type SupportMatrix } from './matrix.ts'
import { withSummary } from './readme.ts'
import { supportPage, supportSummary } from './table.ts'

const readme = fileURLToPath(new URL('../../README.md', import.meta.url))
const page = fileURLToPath(new URL('../../docs/support.md', import.meta.url))

/**
 * Make docs/support-matrix.json, docs/support.md and the table in README.md from the cells that the matrix's tests recorded. Nothing in
 * them is typed by hand.
 */
export async function makeSupportTable(): Promise<void> {
  const cells = inOrder(await readCells())
  const matrix: SupportMatrix = { date: new Date().toISOString().slice(0, 10), cells }
  await writeFile(matrixFile, matrixText(matrix))
  await writeMarkdown(page, supportPage(matrix))
  await writeMarkdown(readme, withSummary(await readFile(readme, 'utf8'), supportSummary(matrix)))
  console.log(`docs/support.md and README's table are made of ${cells.length} cells`)
}

async function writeMarkdown(file: string, text: string): Promise<void> {
  const style = (await resolveConfig(file)) ?? {}
  await writeFile(file, await format(text, { ...style, parser: 'markdown' }))
}
