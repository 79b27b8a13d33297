import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { inRepository } from '../../../scripts/formatted-page.ts'
import { readPage } from './support/blocks.ts'

const TEST_FILE = /`((?:test|packages)\/[\w./-]+\.test\.ts)`/g

test('SECURITY.md: every test that it names is there', async () => {
  const named = [...(await readPage('SECURITY.md')).matchAll(TEST_FILE)].map(([, path = '']) => path)
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((path) => !existsSync(inRepository(path)))).toEqual([])
})

test('SECURITY.md: everything that a guest cannot cause names a test', async () => {
  const rows = (await readPage('SECURITY.md')).split('\n').filter((line) => /^\| (?!a guest can|-)/.test(line))
  expect(rows.length).toBeGreaterThan(10)
  expect(rows.filter((row) => row.match(TEST_FILE) === null)).toEqual([])
})

test('SECURITY.md: its links lead to files', async () => {
  const links = [...(await readPage('SECURITY.md')).matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link = '']) => link)
  expect(links.filter((link) => !existsSync(inRepository(link)))).toEqual([])
})

test('SECURITY.md: every command that the package sends into a guest is named', async () => {
  const page = await readPage('SECURITY.md')
  const source = await readFile(inRepository('src/qga/commands.ts'), 'utf8')
  const sent = new Set([...source.matchAll(/'(guest-[a-z-]+)'/g)].map(([, command = '']) => command))
  expect(sent.size).toBeGreaterThan(5)
  expect([...sent].filter((command) => !page.includes(`\`${command}\``))).toEqual([])
})
