import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findArchive, type Archive } from './archive.ts'
import { digest, openCache } from './cache.ts'
import { KitError } from './kit-error.ts'
import { withLock } from './lock.ts'
import { run, type RunResult } from './run.ts'

/** A Debian release that the kit takes something from. */
export type Suite = 'bookworm' | 'bookworm-backports' | 'trixie' | 'sid'

/** A package at an exact version. */
export interface Package {
  readonly name: string
  readonly version: string
  /** Size of the .deb. */
  readonly bytes: number
}

const updateTimeoutMs = 5 * 60_000
const downloadTimeoutMs = 15 * 60_000

/** apt of another release or architecture, with lists, status and configuration of its own; no root, nothing installed. */
export interface Apt {
  /** The packages that installing `names` on an empty system would install, themselves included. */
  closure(names: readonly string[]): Promise<Package[]>
  /** Downloads .debs into a directory, verified against the signed lists; what is there already is not asked again. */
  download(packages: readonly Package[], directory: string): Promise<void>
}

const opened = new Map<string, Promise<Apt>>()

/**
 * Reads the package lists of a suite from the machine's Debian mirror, once per process.
 *
 * @param debianArchitecture as in `dpkg --print-architecture`; need not be this machine's
 * @throws KitError when no archive is configured or the mirror does not answer.
 */
export function openApt(suite: Suite, debianArchitecture: string): Promise<Apt> {
  const key = `${suite}-${debianArchitecture}`
  const known = opened.get(key)
  if (known !== undefined) return known
  const opening = readLists(suite, debianArchitecture)
  opened.set(key, opening)
  opening.catch(() => opened.delete(key))
  return opening
}

async function readLists(suite: Suite, debianArchitecture: string): Promise<Apt> {
  const archive = await findArchive()
  const state = join(await openCache(), 'apt', `${suite}-${debianArchitecture}-${digest(archive.uri)}`)
  const env = { ...process.env, LC_ALL: 'C', APT_CONFIG: join(state, 'apt.conf') }
  // Another process may be renewing the same lists, so each command takes its turn.
  const apt = (args: readonly string[], timeoutMs: number, cwd = state): Promise<RunResult> =>
    withLock(join(state, 'apt.lock'), () => run('apt-get', args, { cwd, env, timeoutMs }))
  await mkdir(join(state, 'lists', 'partial'), { recursive: true })
  await mkdir(join(state, 'cache', 'archives', 'partial'), { recursive: true })
  await withLock(join(state, 'apt.lock'), () => writeConfiguration(state, suite, debianArchitecture, archive))
  try {
    await apt(['-q', 'update'], updateTimeoutMs)
  } catch (error) {
    throw unreachable(`the package lists of ${suite} (${debianArchitecture})`, error)
  }
  return {
    closure: async (names) => {
      const { stdout } = await apt(['-q', '-y', '--print-uris', 'install', ...names], updateTimeoutMs)
      return parseUris(stdout)
    },
    download: async (packages, directory) => {
      const wanted = packages.map(({ name, version }) => `${name}=${version}`)
      try {
        await apt(['-q', 'download', ...wanted], downloadTimeoutMs, directory)
      } catch (error) {
        throw unreachable(`${wanted.length} packages of ${suite} (${debianArchitecture})`, error)
      }
    },
  }
}

/**
 * Checks that the two Debian tools are there.
 *
 * @throws KitError that names what to install.
 */
export async function requireDebianTools(): Promise<void> {
  const tools = { 'apt-get': 'apt', 'apt-config': 'apt', 'dpkg-deb': 'dpkg' }
  for (const [tool, from] of Object.entries(tools)) {
    try {
      await run(tool, ['--version'], { timeoutMs: 30_000 })
    } catch (error) {
      throw new KitError(
        `${tool} does not run here. The tests against real QEMU download Debian packages with it and unpack them into a ` +
          `cache; nothing is installed and root is not needed. Install the packages apt and dpkg (this one is in ${from}).`,
        { cause: error },
      )
    }
  }
}

async function writeConfiguration(state: string, suite: Suite, architecture: string, archive: Archive): Promise<void> {
  // The machine's own configuration parts are not read: their hooks would run. Its proxies and such are copied.
  const { stdout } = await run('apt-config', ['dump'], { timeoutMs: 30_000 })
  const kept = stdout.split('\n').filter((line) => /^Acquire::(?:https?|tor|socks5h|ForceIPv[46]|Check-)\b/.test(line))
  const own = {
    'Dir::Etc::main': '/dev/null',
    'Dir::Etc::parts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::Etc::sourcelist': join(state, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(state, 'lists'),
    'Dir::State::status': join(state, 'status'),
    'Dir::State::extended_states': join(state, 'extended_states'),
    'Dir::Cache': join(state, 'cache'),
    // Keeps the cache small: no binary copy of the lists, and the lists themselves compressed.
    'Dir::Cache::pkgcache': '',
    'Dir::Cache::srcpkgcache': '',
    'Acquire::GzipIndexes': 'true',
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Install-Recommends': 'false',
    // apt would drop root for a user who cannot write here, and warn about it.
    'APT::Sandbox::User': 'root',
    'APT::Update::Error-Mode': 'any',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    // sid's Release file may be read from a mirror that lags behind its expiry (docs/wire-notes.md).
    ...(suite === 'sid' ? { 'Acquire::Check-Valid-Until': 'false' } : {}),
  }
  const lines = [...kept, ...Object.entries(own).map(([name, value]) => `${name} "${value}";`)]
  await writeFile(join(state, 'apt.conf'), `${lines.join('\n')}\n`)
  await writeFile(join(state, 'status'), '')
  await writeFile(join(state, 'sources.list'), `deb [signed-by=${archive.keyring}] ${archive.uri} ${suite} main\n`)
}

function parseUris(text: string): Package[] {
  const found: Package[] = []
  for (const match of text.matchAll(/^'[^']*' ([^_\s]+)_([^_\s]+)_[^_\s]+\.deb (\d+) /gm)) {
    const [, name = '', version = '', bytes = ''] = match
    found.push({ name, version: decodeURIComponent(version), bytes: Number(bytes) })
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function unreachable(what: string, cause: unknown): KitError {
  const said = cause instanceof Error ? `\n${cause.message}` : ''
  return new KitError(
    `could not get ${what} from the Debian mirror of this machine. Look at the network or set QEMU_VCPU_DEBIAN_MIRROR to ` +
      `another mirror; a rerun goes on from what is there.${said}`,
    { cause },
  )
}
