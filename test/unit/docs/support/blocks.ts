import { readFile } from 'node:fs/promises'
import { inRepository } from '../../../../scripts/formatted-page.ts'

/** A fenced block of a page. */
export interface Block {
  readonly page: string
  /** The line of its fence, from 1. */
  readonly line: number
  readonly language: string
  /** Without the indentation of a list that it stands in. */
  readonly text: string
  /** The number of the second-level heading that it stands below: what one section does builds upon itself. */
  readonly section: number
  /** What an HTML comment right before it says. */
  readonly directive: string | undefined
}

/** The guides, which stay in the repository. */
export const GUIDES = [
  'docs/guides/embed.md',
  'docs/guides/from-libvirt.md',
  'docs/guides/from-node-qemu.md',
  'docs/guides/hostile-guests.md',
  'docs/guides/id-translation.md',
  'docs/guides/unplug-outcomes.md',
] as const

/** The pages of the package that the tests run. */
export const PAGES = [
  'README.md',
  'docs/usage.md',
  'docs/errors.md',
  'docs/limits.md',
  'docs/libvirt-and-proxmox.md',
  'docs/migration.md',
  'docs/telemetry.md',
  'docs/testing.md',
] as const

export function readPage(page: string): Promise<string> {
  return readFile(inRepository(page), 'utf8')
}

/** Every fenced block of every page, and of every guide. */
export async function allBlocks(): Promise<readonly Block[]> {
  const pages = await Promise.all([...PAGES, ...GUIDES].map(async (page) => blocksOf(page, await readPage(page))))
  return pages.flat()
}

/** The fenced blocks of a page. Pure. */
export function blocksOf(page: string, markdown: string): readonly Block[] {
  const blocks: Block[] = []
  let section = 0
  let directive: string | undefined
  let open: { readonly indent: string; readonly language: string; readonly line: number } | undefined
  let lines: string[] = []
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, indent = '', language = ''] = /^( *)```(\w*)/.exec(line) ?? []
    if (open === undefined) {
      if (line.startsWith('## ')) section += 1
      if (/^ *```/.test(line)) [open, lines] = [{ indent, language, line: index + 1 }, []]
      else if (line.trim() !== '') directive = /^ *<!-- (.*) -->$/.exec(line)?.[1]
    } else if (line === `${open.indent}\`\`\``) {
      blocks.push({ page, line: open.line, language: open.language, text: lines.join('\n'), section, directive })
      open = directive = undefined
    } else {
      lines.push(line.slice(open.indent.length))
    }
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: the block has no end`)
  return blocks
}

/** A page without its fenced blocks. */
export function proseOf(markdown: string): string {
  return markdown.replace(/^( *)```[^]*?^\1```$/gm, '')
}
