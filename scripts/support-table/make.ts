import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { resolveConfig } from 'prettier'
import { readCells } from '../../test/matrix/results.ts'
import { inOrder, matrixFile, matrixText, type SupportMatrix } from './matrix.ts'
import { withSupportTable } from './table.ts'

const readme = fileURLToPath(new URL('../../README.md', import.meta.url))

/**
 * Make docs/support-matrix.json and the table in README.md from the cells that the matrix's tests recorded. Nothing in
 * either is typed by hand.
 */
export async function makeSupportTable(): Promise<void> {
  const cells = inOrder(await readCells())
  const matrix: SupportMatrix = { date: new Date().toISOString().slice(0, 10), cells }
  await writeFile(matrixFile, matrixText(matrix))
  const text = await readFile(readme, 'utf8')
  await writeFile(readme, await withSupportTable(text, matrix, (await resolveConfig(readme)) ?? {}))
  const count = (verdict: string): number => cells.filter((cell) => cell.verdict === verdict).length
  console.log(
    `The support table is made of ${cells.length} cells: ${count('yes')} yes, ${count('refused-by-qemu')} refused by QEMU, ` +
      `${count('refused-by-guest')} by a guest, ${count('no')} no`,
  )
}
