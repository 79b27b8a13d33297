import { readFile } from 'node:fs/promises'
import { expect, it, test } from 'vitest'
import { formatted, inRepository } from '../../../scripts/formatted-page.ts'
import { limitsPage } from '../../../scripts/limits-page/page.ts'
import { MAX_CPU_ID } from '../../../src/index.ts'
import { DOMAIN_LIMITS, WIRE_LIMITS } from '../../../src/wire/limits.ts'
import { codesInSource } from '../../../scripts/errors-page/codes.ts'

test('docs/limits.md is what the script makes', async () => {
  const file = inRepository('docs/limits.md')
  expect(await readFile(file, 'utf8')).toBe(await formatted(file, limitsPage()))
})

test('every code on the page is one of the sources', async () => {
  const codes = await codesInSource()
  for (const [code] of limitsPage().matchAll(/ERR_\w+/g)) expect([...codes.keys()]).toContain(code)
})

test('the ids of the table are those of CpuMap', () => {
  expect(DOMAIN_LIMITS.find(({ name }) => name === 'ids')?.usual).toBe(MAX_CPU_ID + 1)
})

it('has a row for each limit, with what people read', () => {
  const page = limitsPage(
    { x: { ...WIRE_LIMITS.lineMs, meaning: 'M', passed: 'P', min: 1, max: 2_000, qga: undefined } },
    [],
  )
  expect(page).toContain('| `x` | M | 60 s | – | 1 ms to 2 s | P |')
  const bytes = { ...WIRE_LIMITS.depth, unit: 'bytes' as const, meaning: 'M', passed: 'P' }
  expect(limitsPage({ y: { ...bytes, qmp: 4_096, qga: 3_145_728, min: 1, max: 1_001 } }, [])).toContain(
    '| `y` | M | 4 KiB | 3 MiB | 1 byte to 1,001 bytes | P |',
  )
})
