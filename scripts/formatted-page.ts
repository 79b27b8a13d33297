import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'

/** A file of the repository, by its path from the root. */
export function inRepository(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url))
}

/** Markdown as the repository's own pages are formatted. */
export async function formatted(file: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(file)), filepath: file })
}
