import { folderOf, type RecordingSpec } from './recording.ts'

const begin = '<!-- recordings: made by npm run record -->'
const end = '<!-- end of recordings -->'

/**
 * The text of `fixtures/README.md` with its table made anew.
 *
 * @throws Error when the text has no place for the table
 */
export function withTable(readme: string, specs: readonly RecordingSpec[]): string {
  const from = readme.indexOf(begin)
  const to = readme.indexOf(end)
  if (from === -1 || to < from) throw new Error(`fixtures/README.md has no '${begin}' before '${end}'`)
  return `${readme.slice(0, from)}${begin}\n\n${table(specs)}\n\n${readme.slice(to)}`
}

function table(specs: readonly RecordingSpec[]): string {
  const rows = specs.map((spec) => {
    const { target, machine = '', smp, guest, what } = spec
    const peer = guest === undefined ? 'none' : `Linux ${guest.kernel}, agent ${guest.agent}`
    const board = [target, machine.split(',', 1)[0] ?? '', `-smp ${smp}`].filter((word) => word !== '').join(' ')
    return `| [${folderOf(spec)}](${folderOf(spec)}) | ${board} | ${peer} | ${what} |`
  })
  return ['| recording | machine | guest | what was done |', '| --- | --- | --- | --- |', ...rows].join('\n')
}
