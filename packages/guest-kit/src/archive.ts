import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exists, namesIn } from './cache.ts'
import { KitError } from './kit-error.ts'
import { parseDeb822Sources, parseOneLineSources, pickDebianSource, type AptSource } from './sources.ts'

/** A Debian archive and the keyring that its Release files are checked against. */
export interface Archive {
  readonly uri: string
  readonly keyring: string
}

const aptDirectory = '/etc/apt'
const keyringDirectory = '/usr/share/keyrings'
const keyringNames = ['debian-archive-keyring.gpg', 'debian-archive-keyring.pgp']

/**
 * The Debian archive that this machine is configured for, or `$QEMU_VCPU_DEBIAN_MIRROR`. Other releases are asked from the
 * same place.
 *
 * @throws KitError when none is configured, or the keys of Debian's archive are not installed.
 */
export async function findArchive(): Promise<Archive> {
  const mirror = process.env['QEMU_VCPU_DEBIAN_MIRROR']
  if (mirror !== undefined && mirror !== '') return { uri: mirror, keyring: await findKeyring(undefined) }
  const codename = await readCodename()
  const source = codename === undefined ? undefined : pickDebianSource(await readSources(), codename)
  const uri = source?.uris[0]
  if (uri === undefined) {
    throw new KitError(
      'no Debian archive is configured in /etc/apt on this machine. The guest kit downloads QEMU, a kernel and the guest ' +
        'agent from one, without installing them: set QEMU_VCPU_DEBIAN_MIRROR to the address of a Debian mirror.',
    )
  }
  return { uri, keyring: await findKeyring(source?.signedBy) }
}

async function findKeyring(signedBy: string | undefined): Promise<string> {
  const candidates = keyringNames.map((name) => join(keyringDirectory, name))
  if (signedBy !== undefined) candidates.unshift(signedBy)
  for (const path of candidates) {
    if (await exists(path)) return path
  }
  throw new KitError(
    "the keys of Debian's archive are not on this machine, so nothing downloaded could be verified: install the package " +
      'debian-archive-keyring.',
  )
}

/** The codename of a Debian release; undefined on anything else, whose sources are not Debian's. */
async function readCodename(): Promise<string | undefined> {
  const text = (await exists('/etc/os-release')) ? await readFile('/etc/os-release', 'utf8') : ''
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1]
  return field('ID') === 'debian' ? field('VERSION_CODENAME') : undefined
}

async function readSources(): Promise<AptSource[]> {
  const parts = join(aptDirectory, 'sources.list.d')
  const found: AptSource[] = []
  for (const name of await namesIn(parts)) {
    if (name.endsWith('.sources')) found.push(...parseDeb822Sources(await readFile(join(parts, name), 'utf8')))
    if (name.endsWith('.list')) found.push(...parseOneLineSources(await readFile(join(parts, name), 'utf8')))
  }
  const list = join(aptDirectory, 'sources.list')
  if (await exists(list)) found.push(...parseOneLineSources(await readFile(list, 'utf8')))
  return found
}
