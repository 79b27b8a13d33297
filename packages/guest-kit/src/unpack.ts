import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openApt, requireDebianTools, type Apt, type Package, type Suite } from './apt.ts'
import { digest, ensureEntry, exists, findEntry, freshDirectory, namesIn, openCache } from './cache.ts'
import type { Progress } from './kit-error.ts'
import { run } from './run.ts'

/** A set of Debian packages to have unpacked. */
export interface PackageRequest {
  readonly suite: Suite
  /** As in `dpkg --print-architecture`; need not be this machine's. */
  readonly architecture: string
  readonly packages: readonly string[]
  /** Which of the packages that installing them would bring are unpacked: all of them, or the names that match. */
  readonly take: 'closure' | RegExp
  /** How progress lines call it. */
  readonly label: string
}

/** Packages, unpacked into one tree. */
export interface Unpacked {
  readonly root: string
  /** Version of every unpacked package. */
  readonly versions: Readonly<Record<string, string>>
}

interface Resolution {
  readonly atMs: number
  readonly packages: readonly Package[]
}

/** Raise it when what an entry consists of changes. */
const layout = '2'
const resolutionLifeMs = 24 * 60 * 60_000
const oldEntryMs = 2 * resolutionLifeMs
const unpackTimeoutMs = 5 * 60_000
const refreshed = new Set<string>()

/**
 * Downloads and unpacks packages into the cache, or finds them there. Which versions these are is asked of the mirror at
 * most once a day (at once with `QEMU_VCPU_REFRESH=1`), and not at all when the mirror is away and an older set is there.
 *
 * @throws KitError when something has to be downloaded and cannot be.
 */
export async function ensureUnpacked(request: PackageRequest, progress: Progress): Promise<Unpacked> {
  const key = digest(request.suite, request.architecture, ...request.packages, String(request.take))
  const file = join(await openCache(), 'resolved', `${key}.json`)
  const known = await readResolution(file)
  const cached = known === undefined ? undefined : await findUnpacked(request, known)
  const asked = known !== undefined && Date.now() - known.atMs < resolutionLifeMs
  const forced = process.env['QEMU_VCPU_REFRESH'] === '1' && !refreshed.has(key)
  if (cached !== undefined && asked && !forced) return cached
  try {
    await requireDebianTools()
    progress(`${request.label}: asking the Debian mirror …`)
    const apt = await openApt(request.suite, request.architecture)
    const closure = await apt.closure(request.packages)
    const { take } = request
    const packages = take === 'closure' ? closure : closure.filter(({ name }) => take.test(name))
    const unpacked = await unpack(request, packages, apt, progress)
    await writeResolution(file, { atMs: Date.now(), packages })
    refreshed.add(key)
    if (cached !== undefined && cached.root !== unpacked.root) await discardOld(cached)
    return unpacked
  } catch (error) {
    if (cached === undefined) throw error
    const why = error instanceof Error ? error.message.split('\n', 1).join('') : String(error)
    progress(`${request.label}: using what is cached (${why})`)
    return cached
  }
}

async function findUnpacked(request: PackageRequest, { packages }: Resolution): Promise<Unpacked | undefined> {
  const entry = await findEntry(entryName(request, packages))
  return entry === undefined ? undefined : { root: join(entry, 'root'), versions: versionsOf(packages) }
}

/** A QEMU of another run may still be at work in it; none is after two days. */
async function discardOld({ root }: Unpacked): Promise<void> {
  const entry = dirname(root)
  const { mtimeMs } = await stat(entry)
  if (Date.now() - mtimeMs > oldEntryMs) await rm(entry, { recursive: true, force: true })
}

async function unpack(
  request: PackageRequest,
  packages: readonly Package[],
  apt: Apt,
  progress: Progress,
): Promise<Unpacked> {
  const entry = await ensureEntry(entryName(request, packages), async (staging) => {
    const total = packages.reduce((sum, { bytes }) => sum + bytes, 0)
    const summary = `${request.label} (${request.suite}, ${packages.length} packages, ${Math.ceil(total / 1e6)} MB)`
    progress(`${summary} …`)
    const debs = join(staging, 'debs')
    await mkdir(debs, { recursive: true })
    await apt.download(packages, debs)
    const root = await freshDirectory(join(staging, 'root'))
    for (const name of await namesIn(debs)) {
      if (name.endsWith('.deb')) await run('dpkg-deb', ['-x', join(debs, name), root], { timeoutMs: unpackTimeoutMs })
    }
    await rm(debs, { recursive: true })
    progress(`${summary} … done`)
  })
  return { root: join(entry, 'root'), versions: versionsOf(packages) }
}

function versionsOf(packages: readonly Package[]): Record<string, string> {
  return Object.fromEntries(packages.map(({ name, version }) => [name, version]))
}

function entryName(request: PackageRequest, packages: readonly Package[]): string {
  const versions = digest(layout, ...packages.map(({ name, version }) => `${name}=${version}`))
  const stem = (request.packages[0] ?? 'packages').replace(/[^a-z0-9.+-]/g, '_')
  return join('unpacked', `${stem}-${request.suite}-${request.architecture}-${versions}`)
}

async function readResolution(file: string): Promise<Resolution | undefined> {
  if (!(await exists(file))) return undefined
  // Written by this file alone, and whole (see below).
  return JSON.parse(await readFile(file, 'utf8')) as Resolution
}

async function writeResolution(file: string, resolution: Resolution): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}`
  await writeFile(draft, JSON.stringify(resolution))
  await rename(draft, file)
}
