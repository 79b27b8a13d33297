/** One `deb` line or stanza of apt's configuration: an archive and what is asked of it. */
export interface AptSource {
  readonly uris: readonly string[]
  readonly suites: readonly string[]
  readonly components: readonly string[]
  /** The keyring that signs it, where the entry says so. */
  readonly signedBy: string | undefined
}

/** Reads one-line sources (`sources.list`, `*.list`; see sources.list(5)). Commented lines and `deb-src` are left out. */
export function parseOneLineSources(text: string): AptSource[] {
  const found: AptSource[] = []
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line)
    if (match === null) continue
    const [, options = '', uri = '', suite = '', components = ''] = match
    found.push({
      uris: [uri],
      suites: [suite],
      components: words(components),
      signedBy: /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1],
    })
  }
  return found
}

/** Reads deb822 sources (`*.sources`). Stanzas that are disabled or only for source packages are left out. */
export function parseDeb822Sources(text: string): AptSource[] {
  const found: AptSource[] = []
  for (const stanza of text.split(/\n[ \t]*\n/)) {
    const fields = parseFields(stanza)
    if (!words(fields.get('types') ?? '').includes('deb')) continue
    if (/^(?:no|false|off|0|disable)$/i.test(fields.get('enabled') ?? '')) continue
    const signedBy = fields.get('signed-by')
    found.push({
      uris: words(fields.get('uris') ?? ''),
      suites: words(fields.get('suites') ?? ''),
      components: words(fields.get('components') ?? ''),
      // A keyring can also be given as inline text; only a path can be passed on.
      signedBy: signedBy?.startsWith('/') === true ? signedBy : undefined,
    })
  }
  return found
}

/** Picks the main Debian archive: the entry that carries this release's own suite, whole, with the component `main`. */
export function pickDebianSource(sources: readonly AptSource[], codename: string): AptSource | undefined {
  const candidates = sources.filter(
    (source) =>
      source.uris.length > 0 &&
      source.suites.some((suite) => suite.replace(/\/$/, '') === codename) &&
      source.components.includes('main') &&
      // Third parties name their suites after Debian's too; they sign with their own keys.
      (source.signedBy === undefined || source.signedBy.includes('debian-archive')),
  )
  return candidates.find((source) => source.uris.some((uri) => /\/debian\/?$/.test(uri))) ?? candidates[0]
}

function parseFields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>()
  let last = ''
  for (const line of stanza.split('\n')) {
    if (line.startsWith('#')) continue
    const match = /^([A-Za-z0-9-]+):\s*(.*)$/.exec(line)
    if (match !== null) {
      last = (match[1] ?? '').toLowerCase()
      fields.set(last, (match[2] ?? '').trim())
    } else if (/^\s+\S/.test(line) && last !== '') {
      fields.set(last, `${fields.get(last) ?? ''} ${line.trim()}`.trim())
    }
  }
  return fields
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}
