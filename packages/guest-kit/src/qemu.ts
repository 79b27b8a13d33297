import { join } from 'node:path'
import {
  debianArchitectures,
  hostArchitectures,
  qemuPackage,
  qemuSuites,
  type QemuTarget,
  type QemuVersion,
} from './architectures.ts'
import { exists } from './cache.ts'
import { KitError, silent, type Progress } from './kit-error.ts'
import { run } from './run.ts'
import { ensureUnpacked } from './unpack.ts'

/** A QEMU that can be started. */
export interface Qemu {
  readonly target: QemuTarget
  /** As the binary reports it, `10.0.2`. */
  readonly version: string
  readonly command: string
  /** What goes before QEMU's own arguments. */
  readonly prefixArgs: readonly string[]
  /** What is set on top of this process's environment. */
  readonly env: Readonly<Record<string, string>>
}

/** The oldest installed QEMU that the everyday guest accepts. */
const oldestEverydayMajor = 8
const versionTimeoutMs = 60_000
const dataDirectories = ['usr/share/qemu', 'usr/share/seabios', 'usr/lib/ipxe/qemu', 'usr/share/slof']
const resolved = new Map<string, Promise<Qemu>>()

/**
 * A packaged QEMU, downloaded and unpacked, not installed. It runs through the dynamic loader of its own release, so that
 * it does not matter which C library this machine has.
 *
 * @throws KitError when it cannot be had.
 */
export function resolveQemu(version: QemuVersion, target: QemuTarget, progress: Progress = silent): Promise<Qemu> {
  const key = `${version}-${target}`
  const known = resolved.get(key)
  if (known !== undefined) return known
  const resolving = unpackQemu(version, target, progress)
  resolved.set(key, resolving)
  resolving.catch(() => resolved.delete(key))
  return resolving
}

/**
 * The x86_64 QEMU of the everyday guest: the binary named by `$QEMU_VCPU_QEMU`, else the packaged 10.0.
 *
 * @throws KitError when the named binary does not run or is older than 8.
 */
export async function everydayQemu(progress: Progress = silent): Promise<Qemu> {
  const command = process.env['QEMU_VCPU_QEMU']
  if (command === undefined || command === '') return resolveQemu('10.0', 'x86_64', progress)
  const version = await readVersion(command, [], {})
  if (Number.parseInt(version) < oldestEverydayMajor) {
    throw new KitError(
      `QEMU_VCPU_QEMU is QEMU ${version}. The tests plug a vCPU into a slot that was unplugged before, at which QEMU 7.2 ` +
        'dies under TCG (docs/wire-notes.md): name version 8 or later, or unset the variable to use the packaged 10.0.',
    )
  }
  return { target: 'x86_64', version, command, prefixArgs: [], env: {} }
}

async function unpackQemu(version: QemuVersion, target: QemuTarget, progress: Progress): Promise<Qemu> {
  const architecture = hostArchitectures[process.arch]
  const facts = debianArchitectures[architecture ?? '']
  if (architecture === undefined || facts === undefined) {
    throw new KitError(`the guest kit does not know how to run Debian's QEMU on ${process.arch}`)
  }
  const { root } = await ensureUnpacked(
    {
      suite: qemuSuites[version],
      architecture,
      packages: [qemuPackage(version, target)],
      take: 'closure',
      label: `QEMU ${version} for ${target}`,
    },
    progress,
  )
  const libraries = ['lib', 'usr/lib'].map((directory) => join(root, directory, facts.triplet))
  const command = await firstExisting(facts.loaders.map((loader) => join(root, loader)))
  const data = await existing(dataDirectories.map((directory) => join(root, directory)))
  const loader = ['--library-path', libraries.join(':'), join(root, 'usr/bin', `qemu-system-${target}`)]
  // QEMU 7.2 has its TCG accelerator in a module, and would look for it in the directory it was built for.
  const env = { QEMU_MODULE_DIR: join(root, 'usr/lib', facts.triplet, 'qemu') }
  return {
    target,
    version: await readVersion(command, loader, env),
    command,
    prefixArgs: [...loader, ...data.flatMap((directory) => ['-L', directory])],
    env,
  }
}

async function readVersion(command: string, args: readonly string[], env: Record<string, string>): Promise<string> {
  const { stdout } = await run(command, [...args, '--version'], {
    env: { ...process.env, ...env },
    timeoutMs: versionTimeoutMs,
  })
  const version = /version (\d+\.\d+\.\d+)/.exec(stdout)?.[1]
  if (version === undefined) throw new KitError(`${command} --version does not name a version: ${stdout.trim()}`)
  return version
}

async function existing(paths: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const path of paths) if (await exists(path)) found.push(path)
  return found
}

async function firstExisting(paths: readonly string[]): Promise<string> {
  const [first] = await existing(paths)
  if (first === undefined) throw new KitError(`none of these was unpacked: ${paths.join(', ')}`)
  return first
}
