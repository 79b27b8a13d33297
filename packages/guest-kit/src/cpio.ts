/** Something in an initramfs; `path` has no leading slash. */
export type CpioEntry =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly data: Uint8Array; readonly executable?: boolean }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'device'; readonly path: string; readonly major: number; readonly minor: number }

const directoryMode = 0o040755
const linkMode = 0o120777
const deviceMode = 0o020600
const programMode = 0o100755
const fileMode = 0o100644

/**
 * Writes a cpio archive in the `newc` format that the kernel unpacks (Documentation/driver-api/early-userspace). The same
 * entries give the same bytes: owners are 0, times are 0. Missing parent directories are added, in front.
 */
export function writeCpio(entries: readonly CpioEntry[]): Uint8Array {
  const chunks: Uint8Array[] = []
  const all = [...parents(entries), ...entries]
  all.forEach((entry, index) => {
    chunks.push(...record(entry, index + 1))
  })
  chunks.push(...record({ kind: 'trailer' }, 0))
  return Buffer.concat(chunks)
}

function parents(entries: readonly CpioEntry[]): CpioEntry[] {
  const given = new Set(entries.filter(({ kind }) => kind === 'directory').map(({ path }) => path))
  const missing = new Set<string>()
  for (const { path } of entries) {
    const parts = path.split('/').slice(0, -1)
    parts.forEach((_, index) => {
      const parent = parts.slice(0, index + 1).join('/')
      if (!given.has(parent)) missing.add(parent)
    })
  }
  // A parent sorts before its children.
  return [...missing].sort().map((path) => ({ kind: 'directory', path }))
}

function record(entry: CpioEntry | { readonly kind: 'trailer' }, inode: number): Uint8Array[] {
  const name = Buffer.from(`${entry.kind === 'trailer' ? 'TRAILER!!!' : entry.path}\0`)
  const data = content(entry)
  const [major, minor] = entry.kind === 'device' ? [entry.major, entry.minor] : [0, 0]
  const fields = [inode, mode(entry), 0, 0, 1, 0, data.byteLength, 0, 0, major, minor, name.byteLength, 0]
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`)
  return [header, name, padding(header.byteLength + name.byteLength), data, padding(data.byteLength)]
}

function mode(entry: CpioEntry | { readonly kind: 'trailer' }): number {
  switch (entry.kind) {
    case 'directory':
      return directoryMode
    case 'link':
      return linkMode
    case 'device':
      return deviceMode
    case 'file':
      return entry.executable === true ? programMode : fileMode
    case 'trailer':
      return 0
  }
}

function content(entry: CpioEntry | { readonly kind: 'trailer' }): Uint8Array {
  if (entry.kind === 'file') return entry.data
  return entry.kind === 'link' ? Buffer.from(entry.target) : Buffer.alloc(0)
}

function padding(length: number): Uint8Array {
  return Buffer.alloc((4 - (length % 4)) % 4)
}
