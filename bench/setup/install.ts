import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { cacheDirectory } from '../../packages/guest-kit/src/index.ts'
import { inRepository } from '../../scripts/formatted-page.ts'
import type * as Library from '../../src/index.ts'
import type * as Testing from '../../src/testing/index.ts'

/** What it is compared with. Not a devDependency: only the bench runs them. */
const PEERS: Readonly<Record<string, string>> = {
  'node-qemu': '1.3.0',
  'qemu-qmp': '0.5.0',
  fastbitset: '0.5.2',
  typedfastbitset: '0.8.0',
  bitset: '5.3.0',
}

/** The package as it is shipped, installed beside its peers. */
export interface Installed {
  /** Where `node_modules` is. */
  readonly directory: string
  readonly packedBytes: number
  readonly files: number
  readonly library: typeof Library
  readonly testing: typeof Testing
}

const run = promisify(execFile)

/** Pack the package, and install it and its peers through npm into a directory of the cache. */
export async function install(): Promise<Installed> {
  const directory = join(cacheDirectory(), 'bench')
  await mkdir(directory, { recursive: true })
  await rm(join(directory, 'node_modules', 'qemu-vcpu'), { recursive: true, force: true })
  await writeFile(join(directory, 'package.json'), JSON.stringify({ private: true, dependencies: PEERS }))
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel', 'error'], {
    cwd: directory,
  })
  await run('npm', ['run', 'build'], { cwd: inRepository('') })
  const pack = ['pack', '--json', '--ignore-scripts', '--loglevel', 'error', '--pack-destination', directory]
  const { stdout } = await run('npm', pack, { cwd: inRepository('') })
  const [packed] = JSON.parse(stdout) as {
    readonly filename: string
    readonly size: number
    readonly entryCount: number
  }[]
  if (packed === undefined) throw new Error('npm pack said nothing')
  const tarball = join(directory, packed.filename)
  await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel', 'error', tarball], {
    cwd: directory,
  })
  const imported = async (path: string): Promise<unknown> =>
    import(pathToFileURL(join(directory, 'node_modules/qemu-vcpu/dist', path)).href)
  return {
    directory,
    packedBytes: packed.size,
    files: packed.entryCount,
    library: (await imported('index.js')) as typeof Library,
    testing: (await imported('testing.js')) as typeof Testing,
  }
}

/** The versions of the peers, for people. */
export async function peerVersions(directory: string): Promise<string> {
  const versions = Object.keys(PEERS).map(async (name) => {
    const manifest = JSON.parse(await readFile(join(directory, 'node_modules', name, 'package.json'), 'utf8')) as {
      readonly version: string
    }
    return `${name} ${manifest.version}`
  })
  return (await Promise.all(versions)).join(', ')
}
