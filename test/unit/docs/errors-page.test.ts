import { readFile } from 'node:fs/promises'
import { expect, it, test } from 'vitest'
import { codesIn, codesInSource } from '../../../scripts/errors-page/codes.ts'
import { errorsPage } from '../../../scripts/errors-page/page.ts'
import { ERROR_GROUPS } from '../../../scripts/errors-page/words.ts'
import { formatted, inRepository } from '../../../scripts/formatted-page.ts'
import { exitCodeOf } from '../../../src/cli/exit-code.ts'
import { ConnectionError, InputError, RefusedError, TimeoutError } from '../../../src/index.ts'

const described = ERROR_GROUPS.flatMap(({ errors }) => errors.map(({ code }) => code))

test('every code of the sources is described once, and no other is', async () => {
  expect([...described].sort()).toEqual([...(await codesInSource()).keys()].sort())
})

test('docs/errors.md is what the script makes', async () => {
  const file = inRepository('docs/errors.md')
  expect(await readFile(file, 'utf8')).toBe(await formatted(file, errorsPage(await codesInSource())))
})

test('the exit status of each group is the command’s', async () => {
  const codes = await codesInSource()
  const exits = { InputError: '2', RefusedError: '1', ConnectionError: '3', TimeoutError: '4' }
  for (const { exit, errors } of ERROR_GROUPS) {
    const classes = new Set(errors.flatMap(({ code }) => [...(codes.get(code) ?? [])]))
    const [known] = Object.entries(exits).filter(([name, status]) => classes.has(name) && exit === status)
    if (exit.length === 1) expect(known, exit).toBeDefined()
  }
  expect(exitCodeOf(new InputError('ERR_STATE', ''), 'not-sent')).toBe(2)
  expect(exitCodeOf(new RefusedError('ERR_NO_SUCH_VCPU', '', 0), 'not-sent')).toBe(1)
  expect(exitCodeOf(new ConnectionError('ERR_CONNECT', ''), 'not-sent')).toBe(3)
  expect(exitCodeOf(new TimeoutError(''), 'unknown')).toBe(4)
})

it('finds the class of a code wherever the source names it', () => {
  const codes = codesIn([
    `throw new InputError('ERR_A', 'no')`,
    `throw new InputError(\n  'ERR_B',\n  'no')`,
    `export class OwnError extends VcpuError {\n  constructor() { super('ERR_C', 'no') }\n}`,
    `export type Code =\n  | 'ERR_D'\n  | 'ERR_E'\n`,
    `export class CodedError extends VcpuError {\n  constructor(code: Code, message: string) { super(code, message) }\n}`,
    `const bare = { code: 'ERR_F' }`,
  ])
  expect(Object.fromEntries([...codes].map(([code, classes]) => [code, [...classes]]))).toEqual({
    ERR_A: ['InputError'],
    ERR_B: ['InputError'],
    ERR_C: ['OwnError'],
    ERR_D: ['CodedError'],
    ERR_E: ['CodedError'],
    ERR_F: [],
  })
})
