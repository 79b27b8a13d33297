import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inRepository } from '../formatted-page.ts'

/** A tarball as npm would publish it. */
export interface Tarball {
  readonly path: string
  readonly bytes: number
  /** The paths in the package. */
  readonly files: readonly string[]
}

const run = promisify(execFile)
const QUIET = ['--no-audit', '--no-fund', '--loglevel', 'error']

/**
 * Pack what was built.
 *
 * @param directory - where the tarball is put
 * @param built - the root of the package
 */
export async function packInto(directory: string, built = inRepository('')): Promise<Tarball> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', directory, '--loglevel', 'error']
  const { stdout } = await run('npm', args, { cwd: built })
  const [packed] = JSON.parse(stdout) as {
    readonly filename: string
    readonly size: number
    readonly files: readonly { readonly path: string }[]
  }[]
  if (packed === undefined) throw new Error('npm pack said nothing')
  return { path: join(directory, packed.filename), bytes: packed.size, files: packed.files.map(({ path }) => path) }
}

/** Install a tarball into an empty project of its own, as the package's users do; it depends on nothing, so nothing is fetched. */
export async function installTarball(directory: string, { path }: Tarball): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'package.json'), '{ "private": true, "type": "module" }')
  await run('npm', ['install', '--offline', ...QUIET, path], { cwd: directory })
}

/** Install programs from npm into a directory, unless they are there. */
export async function installPrograms(
  directory: string,
  dependencies: Readonly<Record<string, string>>,
): Promise<void> {
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'package.json'), JSON.stringify({ private: true, dependencies }))
  await run('npm', ['install', '--prefer-offline', ...QUIET], { cwd: directory })
}
