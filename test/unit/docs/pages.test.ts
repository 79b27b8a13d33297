import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { expect, it, test } from 'vitest'
import { inRepository } from '../../../scripts/formatted-page.ts'
import { ALL_OPTIONS } from '../../../src/cli/options.ts'
import { VERBS } from '../../../src/cli/verbs/index.ts'
import { allBlocks, blocksOf, GUIDES, PAGES, proseOf, readPage } from './support/blocks.ts'

/** What the tests know how to run, and what they can only leave as it is. */
const LANGUAGES = ['sh', 'console', 'js', 'ts', 'json', 'python', 'text', 'xml']

test('every block has a language that is run, or is known not to be', async () => {
  const strays = (await allBlocks()).filter(({ language }) => !LANGUAGES.includes(language))
  expect(strays).toEqual([])
})

test.each(PAGES)('%s: its links lead to files that the package has too', async (page) => {
  const manifest: unknown = JSON.parse(await readFile(inRepository('package.json'), 'utf8'))
  const files = typeof manifest === 'object' && manifest !== null && 'files' in manifest ? manifest.files : undefined
  const links = [...proseOf(await readPage(page)).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)]
  const targets = links.map(([, link = '']) => normalize(join(dirname(page), link)))
  for (const target of targets) {
    expect(existsSync(inRepository(target)), `${page} links to ${target}`).toBe(true)
    if (target !== 'README.md') expect(files, `${target} is not in the package`).toContain(target)
  }
})

test.each([...PAGES, ...GUIDES])('%s: every option that it names is one of the command', async (page) => {
  // The page about other programs has theirs.
  if (page.includes('libvirt')) return
  const spans = [...proseOf(await readPage(page)).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
  const named = spans
    .filter((code) => !/^(npm|apt|source|-)?\b(npm|apt|socat) /.test(code))
    .flatMap((code) => [...code.matchAll(/(?:^|\s)--([a-z][\w-]*)/g)])
  for (const [, name = ''] of named) expect(Object.keys(ALL_OPTIONS)).toContain(name)
})

test('docs/usage.md has a section for each verb, with all of its options, and no other', async () => {
  const usage = await readPage('docs/usage.md')
  const sections = new Map(
    usage.split(/^## /m).map((text): readonly [string, string] => [text.split('\n', 1)[0] ?? '', text]),
  )
  for (const { name, options } of VERBS) {
    for (const option of Object.keys(options))
      expect(sections.get(name), `${name} --${option}`).toContain(`\`--${option}`)
    expect(sections.has(name), name).toBe(true)
  }
  const others = ['Where the VM is', 'Options of every verb', 'Exit status', 'completion']
  const headings = [...usage.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)
  expect([...headings].sort()).toEqual([...others, ...VERBS.map(({ name }) => name)].sort())
})

test('README names every verb', async () => {
  const readme = await readPage('README.md')
  for (const { name } of VERBS) expect(readme).toMatch(new RegExp(`\`${name}[ \`]`))
})

it('reads blocks as Markdown has them', () => {
  const page = [
    '## One',
    '```sh',
    'a',
    '```',
    '<!-- so -->',
    '',
    '   ```js',
    '   b',
    '     c',
    '   ```',
    'x',
    '```',
    '```',
  ].join('\n')
  expect(
    blocksOf('p', page).map(({ language, text, section, directive }) => [language, text, section, directive]),
  ).toEqual([
    ['sh', 'a', 1, undefined],
    ['js', 'b\n  c', 1, 'so'],
    ['', '', 1, undefined],
  ])
  expect(proseOf(page)).not.toContain('b')
})
