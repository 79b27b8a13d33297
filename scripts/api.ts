// npm run api: api/*.api.md, the public surface of each entry point as its users see it, made from the built types. With --check
// (npm run check) it changes nothing, and fails where the surface is not what the reports say, where a public signature uses a
// type that is not exported, or where the types promise values that the JavaScript does not have.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { reportFile, TYPED_ENTRIES } from './api/entries.ts'
import { exportsIn, isValue } from './api/exports.ts'
import { reportOf } from './api/report.ts'
import { inRepository } from './formatted-page.ts'

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const folders = { folder: inRepository('api'), scratch: inRepository('.cache/api') }
await mkdir(folders.folder, { recursive: true })
const faults: string[] = []
for (const entry of TYPED_ENTRIES) {
  const read = reportOf(entry, folders, !values.check)
  faults.push(...read.faults, ...(await absentValues(entry)))
  if (!read.isChanged) continue
  if (values.check) faults.push(`the public surface differs from api/${entry}.api.md:\n${difference(entry)}`)
  else console.log(`api/${entry}.api.md`)
}
for (const fault of faults) console.error(fault)
if (faults.length > 0) {
  process.exitCode = 1
  if (values.check) console.error('A change that is meant: npm run api, commit api/, and a line in CHANGELOG.md.')
}

/** What the types of an entry point say is there when a program runs, and is not; and the other way round. */
async function absentValues(entry: string): Promise<readonly string[]> {
  const promised = exportsIn(readFileSync(`${folders.scratch}/${entry}.api.md`, 'utf8')).filter(isValue)
  const names = promised.map(({ name }) => name)
  const code = (await import(pathToFileURL(inRepository(`dist/${entry}.js`)).href)) as object
  return [
    ...names.filter((name) => !(name in code)).map((name) => `dist/${entry}.js lacks ${name}, a value in its types`),
    ...Object.keys(code)
      .filter((name) => !names.includes(name))
      .map((name) => `dist/${entry}.d.ts lacks ${name}, which dist/${entry}.js exports`),
  ]
}

function difference(entry: string): string {
  const files = [reportFile(entry), `${folders.scratch}/${entry}.api.md`]
  const { stdout } = spawnSync('git', ['diff', '--no-index', '--unified=2', ...files], { encoding: 'utf8' })
  return stdout.split('\n').slice(4).join('\n')
}
