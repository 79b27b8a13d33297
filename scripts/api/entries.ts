import { ENTRIES } from '../build/layout.ts'
import { inRepository } from '../formatted-page.ts'

/** The names of the entry points that have types, as their files in `dist/` are called: every one but the command. */
export const TYPED_ENTRIES: readonly string[] = Object.keys(ENTRIES).filter((name) => name !== 'cli')

/** The report of an entry point's types, which is checked in. */
export function reportFile(entry: string): string {
  return inRepository(`api/${entry}.api.md`)
}
