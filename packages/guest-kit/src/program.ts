import { join } from 'node:path'
import type { Suite } from './apt.ts'
import { debianArchitectures, hostArchitectures } from './architectures.ts'
import { exists } from './cache.ts'
import { KitError, silent, type Progress } from './kit-error.ts'
import { ensureUnpacked } from './unpack.ts'

/** A program of Debian's that tests look at things with: a terminal, what renders a picture, and a server of messages. */
export type ProgramName = 'tmux' | 'rsvg-convert' | 'nats-server'

/** A program that can be started. */
export interface Program {
  readonly command: string
  /** What goes before the program's own arguments. */
  readonly prefixArgs: readonly string[]
  /** The tree that its package and those it depends on were unpacked into. */
  readonly root: string
}

const suite: Suite = 'bookworm'

/** Where a program comes from. */
interface Source {
  readonly package: string
  readonly path: string
  readonly take: 'closure' | RegExp
}

const sources: Readonly<Record<ProgramName, Source>> = {
  tmux: { package: 'tmux', path: 'usr/bin/tmux', take: 'closure' },
  'rsvg-convert': { package: 'librsvg2-bin', path: 'usr/bin/rsvg-convert', take: 'closure' },
  // Without what only its installation needs: a user of its own.
  'nats-server': { package: 'nats-server', path: 'usr/sbin/nats-server', take: /^(nats-server|libc6|libgcc-s1)$/ },
}

const found = new Map<ProgramName, Promise<Program>>()

/**
 * A program, downloaded and unpacked, not installed. It runs through the dynamic loader of its own release.
 *
 * @throws KitError when it cannot be had.
 */
export function ensureProgram(name: ProgramName, progress: Progress = silent): Promise<Program> {
  const known = found.get(name)
  if (known !== undefined) return known
  const finding = unpackProgram(name, progress)
  found.set(name, finding)
  finding.catch(() => found.delete(name))
  return finding
}

async function unpackProgram(name: ProgramName, progress: Progress): Promise<Program> {
  const architecture = hostArchitectures[process.arch]
  const facts = debianArchitectures[architecture ?? '']
  if (architecture === undefined || facts === undefined) {
    throw new KitError(`the guest kit does not know how to run Debian's ${name} on ${process.arch}`)
  }
  const source = sources[name]
  const request = { suite, architecture, packages: [source.package], take: source.take, label: name }
  const { root } = await ensureUnpacked(request, progress)
  const libraries = ['lib', 'usr/lib'].map((directory) => join(root, directory, facts.triplet))
  for (const loader of facts.loaders) {
    const command = join(root, loader)
    if (!(await exists(command))) continue
    return { command, prefixArgs: ['--library-path', libraries.join(':'), join(root, source.path)], root }
  }
  throw new KitError(`none of these was unpacked with ${name}: ${facts.loaders.join(', ')}`)
}
