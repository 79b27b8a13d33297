// npm run record -- [NAME…]: makes the fixtures, all of them or those named. fixtures/README.md says what they are.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withTable } from './record/readme.ts'
import { folderOf } from './record/recording.ts'
import { recordings, recordingsNamed } from './record/recordings.ts'
import { record } from './record/run.ts'

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url))

async function main(names: readonly string[]): Promise<void> {
  const wanted = names.length === 0 ? recordings : [...new Set(names.flatMap(recordingsNamed))]
  const failed: string[] = []
  for (const [at, spec] of wanted.entries()) {
    console.error(`${at + 1}/${wanted.length} ${folderOf(spec)} …`)
    try {
      await replaceFolder(join(fixtures, folderOf(spec)), await record(spec))
    } catch (error) {
      console.error(error instanceof Error ? error.message : error)
      failed.push(folderOf(spec))
    }
  }
  const readme = join(fixtures, 'README.md')
  await writeFile(readme, withTable(await readFile(readme, 'utf8'), recordings))
  if (failed.length > 0) throw new Error(`not recorded, and left as they were: ${failed.join(', ')}`)
}

/** Only once the recording is whole: one that fails leaves the last one as it was. */
async function replaceFolder(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const [name, text] of files) await writeFile(join(folder, name), text)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
