import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { inRepository } from '../../../scripts/formatted-page.ts'
import { EXAMPLES, manPage } from '../../../scripts/man-page/page.ts'
import { readRequest } from '../../../src/cli/args.ts'
import { ALL_OPTIONS } from '../../../src/cli/options.ts'
import { VERBS } from '../../../src/cli/verbs/index.ts'

const page = manPage()

test('man/qemu-vcpu.1 is what the script makes of the help', async () => {
  expect(await readFile(inRepository('man/qemu-vcpu.1'), 'utf8')).toBe(page)
})

test('the page has every verb and every option', () => {
  for (const { name } of VERBS) expect(page).toContain(`.SS "${name.replaceAll('-', '\\-')}`)
  for (const name of Object.keys(ALL_OPTIONS)) expect(page).toContain(`.B \\-\\-${name.replaceAll('-', '\\-')}`)
})

test('no line is one that roff would misread', () => {
  const strays = page
    .split('\n')
    .filter((line) => /^['.]/.test(line) && !/^\.(\\"|[A-Z]{2} |[A-Z]{2}$|B |BR |RI |br$|nf$|fi$)/.test(line))
  expect(strays).toEqual([])
  expect(page).toMatch(/^[\x20-\x7e\n]*$/)
})

test('its examples are command lines that the command takes', async () => {
  for (const [line] of EXAMPLES) {
    const [program, ...argv] = line.split(' ')
    expect(program).toBe('qemu-vcpu')
    expect((await readRequest(argv)).kind).toBe('run')
  }
})
