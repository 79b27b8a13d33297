import { readFile } from 'node:fs/promises'
import { inRepository } from '../formatted-page.ts'

const USUAL = /^(dist\/.*\.(js|d\.ts)|man\/[^/]+\.1|(docs\/)?[\w-]+\.md|docs\/[\w-]+\.svg|LICENSE|package\.json)$/

/**
 * What is wrong with the list of files that npm has packed.
 *
 * @returns one line for each file that is missing, and each that has no business there
 */
export async function strayFiles(files: readonly string[]): Promise<readonly string[]> {
  const { bin, man } = JSON.parse(await readFile(inRepository('package.json'), 'utf8')) as {
    readonly bin: Readonly<Record<string, string>>
    readonly man: readonly string[]
  }
  const wanted = [...Object.values(bin), ...man, 'README.md', 'CHANGELOG.md', 'LICENSE', 'package.json']
  return [
    ...wanted.filter((path) => !files.includes(path.replace(/^\.\//, ''))).map((path) => `the package lacks ${path}`),
    ...files.filter((path) => !USUAL.test(path)).map((path) => `the package carries ${path}`),
  ]
}
