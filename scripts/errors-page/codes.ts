import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))
/** The simulations have codes of their own, which no VM answers with. */
const NOT_READ = /^testing[\\/]/

/** Every error code in the sources, with the classes that carry it. */
export type CodesInSource = ReadonlyMap<string, ReadonlySet<string>>

/**
 * Reads every error code out of the sources: wherever it stands as a literal, and with the class that it is given to, where the
 * source says so (`new InputError('ERR_…'`, `super('ERR_…'` in a class, a type of codes that a constructor takes).
 */
export async function codesInSource(): Promise<CodesInSource> {
  const names = (await readdir(SRC, { recursive: true })).filter((name) => name.endsWith('.ts') && !NOT_READ.test(name))
  const texts = await Promise.all(names.map((name) => readFile(join(SRC, name), 'utf8')))
  return codesIn(texts)
}

/** The same of given texts. Pure. */
export function codesIn(texts: readonly string[]): CodesInSource {
  const codes = new Map<string, Set<string>>()
  const add = (code: string, className?: string): void => {
    const classes = codes.get(code) ?? new Set()
    codes.set(code, classes)
    if (className !== undefined) classes.add(className)
  }
  for (const text of texts) for (const [, code = ''] of text.matchAll(/'(ERR_[A-Z0-9_]+)'/g)) add(code)
  const types = typesOfCodes(texts)
  for (const text of texts) {
    for (const [, className, code = ''] of text.matchAll(/new (\w+Error)\(\s*'(ERR_\w+)'/g)) add(code, className)
    for (const { name, body } of classesIn(text)) {
      for (const [, code = ''] of body.matchAll(/super\(\s*'(ERR_\w+)'/g)) add(code, name)
      const [, typeName = '', literals = ''] = /\bcode: (?:(\w+)|((?:'ERR_\w+'[ |]*)+))/.exec(body) ?? []
      for (const code of types.get(typeName) ?? literalsIn(literals)) add(code, name)
    }
    for (const [, literals = '', rest = ''] of text.matchAll(/code: ((?:'ERR_\w+'[ |]*)+),([^}]*)/g)) {
      const [, className] = /\): (\w+Error) \{|return new (\w+Error)/.exec(rest) ?? []
      for (const code of literalsIn(literals)) if (className !== undefined) add(code, className)
    }
  }
  return codes
}

/** `type RefusalCode = 'ERR_…' | …`, by name. */
function typesOfCodes(texts: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const types = texts.flatMap((text) => [...text.matchAll(/type (\w+) =((?:\s*\|?\s*'ERR_\w+')+)/g)])
  return new Map(types.map(([, name = '', literals = '']) => [name, literalsIn(literals)]))
}

function literalsIn(text: string): readonly string[] {
  return [...text.matchAll(/'(ERR_\w+)'/g)].map(([, code = '']) => code)
}

function classesIn(text: string): readonly { readonly name: string; readonly body: string }[] {
  return text
    .split(/^export (?:abstract )?class /m)
    .slice(1)
    .map((body) => ({ name: /^\w+/.exec(body)?.[0] ?? '', body }))
}
