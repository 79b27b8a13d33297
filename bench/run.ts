// npm run bench: what the package costs, as it is shipped, beside the least that there can be and beside its peers. Never a test:
// no number here can fail. It prints; with --write it makes docs/performance.md and its chart.
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { formatted, inRepository } from '../scripts/formatted-page.ts'
import { chartSvg } from './report/chart.ts'
import { pageText, sectionText, type Result } from './report/page.ts'
import { ROWS } from './rows/index.ts'
import { CORES_NOTE } from './setup/cores.ts'
import { peerVersions } from './setup/install.ts'
import { Setup } from './setup/setup.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    row: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
  },
})
const names = ROWS.map(({ name }) => name)
const stray = values.row?.find((name) => !names.includes(name))
if (stray !== undefined) throw new Error(`there is no row '${stray}', only ${names.join(', ')}`)
if (values.write && values.row !== undefined) throw new Error('--write makes the whole page, and takes no --row')

console.error('packing, and installing the peers …')
const setup = await Setup.make(values.quick)
const results: Result[] = []
for (const row of ROWS.filter(({ name }) => values.row?.includes(name) ?? true)) {
  console.error(`${row.name} …`)
  const result = { row, comparisons: await row.run(setup) }
  results.push(result)
  console.log(sectionText(result))
}
if (values.write) {
  const notes = [
    ...(values.quick ? ['A quick run, of few rounds.'] : []),
    `${await peerVersions(setup.installed.directory)}.`,
    CORES_NOTE,
    setup.program.note,
  ]
  const page = inRepository('docs/performance.md')
  await writeFile(page, await formatted(page, pageText(results, notes)))
  await writeFile(inRepository('docs/performance.svg'), chartSvg(results))
}
