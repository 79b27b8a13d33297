import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { reportFile, TYPED_ENTRIES } from '../../../scripts/api/entries.ts'
import { declarationsIn } from '../../../scripts/api/exports.ts'
import { namesWithTypeTest } from './tested-names.ts'

const here = dirname(fileURLToPath(import.meta.url))
const sources = readdirSync(here)
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(`${here}/${name}`, 'utf8'))

/** The declarations of each entry point, as `api/*.api.md` has them. */
const declarations = new Map(
  TYPED_ENTRIES.map((entry) => [entry, declarationsIn(readFileSync(reportFile(entry), 'utf8'))]),
)

test('every public export has a type test, of the entry point that has this declaration', () => {
  const tested = namesWithTypeTest(sources)
  const testedDeclarations = new Set(
    [...declarations].flatMap(([entry, all]) =>
      [...all].filter(([name]) => tested.has(`${entry} ${name}`)).map(String),
    ),
  )
  const untested = [...declarations].flatMap(([entry, all]) =>
    [...all].filter((each) => !testedDeclarations.has(String(each))).map(([name]) => `${entry}: ${name}`),
  )
  expect(untested).toEqual([])
})

test('what two entry points export under one name is the same, but for what each protocol has of its own', () => {
  const seen = new Map<string, Set<string>>()
  for (const [name, declaration] of [...declarations.values()].flatMap((all) => [...all])) {
    seen.set(name, (seen.get(name) ?? new Set()).add(declaration))
  }
  const differing = [...seen].filter(([, each]) => each.size > 1).map(([name]) => name)
  expect(differing.sort()).toEqual(['decodeReply', 'isKnownCommand'])
})

test('a name that is only imported, or only mentioned beside a type test, counts as untested', () => {
  const source = `
    import { type A, B as Bee, C } from 'qemu-vcpu'
    import { D } from 'qemu-vcpu/qmp'
    import { E } from 'elsewhere'
    expectTypeOf<A>().toEqualTypeOf<string>()
    test('x', () => { expectTypeOf(Bee).returns.toBeVoid(); expectTypeOf<E>().toBeNever() })
    const c: C = 1
    expectTypeOf<string>().not.toExtend<D['x']>()
  `
  expect([...namesWithTypeTest([source])].sort()).toEqual(['index A', 'index B', 'qmp D'])
})
