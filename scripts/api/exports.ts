/** One name that an entry point exports. */
export interface PublicExport {
  readonly name: string
  readonly kind: 'class' | 'function' | 'const' | 'interface' | 'type'
}

const EXPORT = /^export (?:abstract )?(class|function|const|interface|type) (\w+)/
const OVERLOADED = new Set<PublicExport['kind']>(['function'])

/**
 * The exports that a report lists, in its order; each once.
 *
 * @param report - the text of an `api/*.api.md`
 * @throws an `Error` for an export that is written in another way: this reader would miss it
 */
export function exportsIn(report: string): readonly PublicExport[] {
  const found = new Map<string, PublicExport>()
  for (const line of report.split('\n').filter((text) => text.startsWith('export '))) {
    const [, kind, name] = EXPORT.exec(line) ?? []
    if (!isKind(kind) || name === undefined) throw new Error(`not an export that can be read: ${line}`)
    if (found.has(name) && !OVERLOADED.has(kind)) throw new Error(`${name} is exported twice`)
    found.set(name, { name, kind })
  }
  return [...found.values()]
}

/**
 * The declaration of each export, as it stands in the report; that of all its overloads together.
 *
 * @throws as {@link exportsIn}
 */
export function declarationsIn(report: string): ReadonlyMap<string, string> {
  const found = new Map(exportsIn(report).map(({ name }) => [name, '']))
  for (const part of report.split(/^\/\/ @public.*$/m).slice(1)) {
    const [first] = exportsIn(part)
    if (first !== undefined) found.set(first.name, `${found.get(first.name) ?? ''}${part.replace(END, '').trim()}\n`)
  }
  return found
}

const END = /^(\/\/ \(No @packageDocumentation|```)[^]*$/m

/** Is it there when the program runs? */
export function isValue({ kind }: PublicExport): boolean {
  return kind === 'class' || kind === 'function' || kind === 'const'
}

function isKind(kind: string | undefined): kind is PublicExport['kind'] {
  return kind !== undefined && ['class', 'function', 'const', 'interface', 'type'].includes(kind)
}
