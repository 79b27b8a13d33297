import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CpuMap, InputError, MAX_CPU_ID } from '../../../../src/bitmap/index.ts'
import { thrownBy } from '../../../support/thrown-by.ts'
import { ascending, cpuIds } from '../ids.ts'

describe('a CPU list', () => {
  it.each([
    ['', ''],
    [' \n', ''],
    ['5', '5'],
    ['0-1,5\n', '0-1,5'],
    ['0,1', '0-1'],
    ['5,3,4', '3-5'],
    ['0-3,2-6', '0-6'],
    ['7-7', '7'],
    ['007', '7'],
    ['31-32', '31-32'],
    ['65535', '65535'],
    ['0-15,^8', '0-7,9-15'],
    ['^8,0-15', '0-15'],
    ['0-15,^8,8', '0-15'],
    ['0-2,^40', '0-2'],
    ['0-9,^2-4', '0-1,5-9'],
    ['0-9,^0-65535', ''],
    ['^3', ''],
  ])('%j is read as %j', (text, canonical) => {
    expect(CpuMap.parse(text).toString()).toBe(canonical)
  })

  it.each([
    ['a', '"a"'],
    ['1,,2', '""'],
    [',', '""'],
    ['1,', '""'],
    ['5-3', '"5-3"'],
    ['0,-1', '"-1"'],
    ['1.5', '"1.5"'],
    ['0x1', '"0x1"'],
    ['1e3', '"1e3"'],
    ['+1', '"+1"'],
    ['1-', '"1-"'],
    ['1-2-3', '"1-2-3"'],
    ['^', '"^"'],
    ['^^1', '"^^1"'],
    ['1-^2', '"1-^2"'],
    ['0, 1', '" 1"'],
    ['0 1', '"0 1"'],
    ['\u0661', '"\\u0661"'],
    ['1\u0000', '"1\\u0000"'],
  ])('%j is refused, naming %s', (text, element) => {
    const error = thrownBy(() => CpuMap.parse(text))
    expect(error).toBeInstanceOf(InputError)
    expect(error).toMatchObject({ code: 'ERR_CPU_LIST', outcome: 'not-sent' })
    expect(String(error)).toContain(`InputError: ${element} is not a CPU list: a`)
    expect(String(error)).toMatch(/as in '|at most/)
  })

  it.each(['65536', '0-65536', '70000-3', '0-99999999999', '^65536', `${'9'.repeat(400)}-3`])(
    'an id above the largest is refused: %s',
    (element) => {
      const error = thrownBy(() => CpuMap.parse(`1,${element}`))
      expect(error).toMatchObject({ name: 'InputError', code: 'ERR_CPU_ID' })
      expect(String(error)).toContain(`"${element.slice(0, 80)}"`)
      expect(String(error)).toContain('0 to 65535')
    },
  )

  it.each(['9'.repeat(1_000_000), 'a'.repeat(1_000_000), '1,'.repeat(500_000), ' '.repeat(1_000_000)])(
    'a huge text is refused in few words',
    (text) => {
      const error = thrownBy(() => CpuMap.parse(text))
      expect(error).toMatchObject({ name: 'InputError', code: 'ERR_CPU_LIST' })
      expect(String(error).length).toBeLessThan(250)
    },
  )

  it('of every id one by one is not too long', () => {
    const all = CpuMap.range(0, MAX_CPU_ID)
    expect(CpuMap.parse([...all].join(',')).equals(all)).toBe(true)
  })

  it('survives the round trip, and has one spelling for one set', () => {
    fc.assert(
      fc.property(cpuIds, (ids) => {
        const text = CpuMap.from(ids).toString()
        expect([...CpuMap.parse(text)]).toEqual(ascending(ids))
        expect(CpuMap.parse(ids.join(',')).toString()).toBe(text)
        // No two runs of the canonical spelling touch or overlap.
        expect(text.split(/[,-]/).filter((end) => end !== '')).toEqual(runEnds(ids))
      }),
    )
  })

  it('applies ids, ranges and exclusions from left to right', () => {
    const small = fc.nat(70)
    const element = fc.record({ exclude: fc.boolean(), a: small, b: fc.option(small) })
    fc.assert(
      fc.property(fc.array(element, { maxLength: 30 }), (elements) => {
        const truth = new Set<number>()
        const texts: string[] = []
        for (const { exclude, a, b } of elements) {
          const [first, last] = [Math.min(a, b ?? a), Math.max(a, b ?? a)]
          texts.push(`${exclude ? '^' : ''}${first}${b === null ? '' : `-${last}`}`)
          for (let id = first; id <= last; id++) {
            if (exclude) truth.delete(id)
            else truth.add(id)
          }
        }
        expect([...CpuMap.parse(texts.join(','))]).toEqual(ascending(truth))
      }),
    )
  })

  it('takes what the grammar takes, element by element, and names the first one that it does not', () => {
    const pieces = fc.constantFrom('0', '7', '12', '65535', '65536', '4294967296', ',', '-', '^', ' ', 'x')
    const texts = fc.array(pieces, { maxLength: 12 }).map((all) => all.join(''))
    fc.assert(
      fc.property(texts, (text) => {
        const expected = readByGrammar(text)
        const given = outcomeOf(() => CpuMap.parse(text))
        expect(given).toEqual(expected)
      }),
      { numRuns: 1_000 },
    )
  })

  it('gives a map or an InputError for any text', () => {
    const pieces = fc.constantFrom('0', '1', '9', '65535', ',', '-', '^', ' ', '\n', 'x', '.')
    const texts = fc.oneof(
      fc.string(),
      fc.array(pieces).map((all) => all.join('')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        try {
          expect(CpuMap.parse(text).size).toBeLessThanOrEqual(MAX_CPU_ID + 1)
        } catch (error) {
          expect(error).toBeInstanceOf(InputError)
        }
      }),
    )
  })
})

function runEnds(ids: readonly number[]): string[] {
  const all = new Set(ids)
  return ascending(ids)
    .filter((id) => !all.has(id - 1) || !all.has(id + 1))
    .map(String)
}

/** The ids, or the code of the error and the element that it is about. */
type Reading = readonly number[] | string

function outcomeOf(parse: () => CpuMap): Reading {
  try {
    return [...parse()]
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const element = /"(.*?)"/.exec(error.message)?.[1]
    return `${error.code} ${String(element)}`
  }
}

/** The same by the grammar's regular expression, on sets. */
function readByGrammar(text: string): Reading {
  const ids = new Set<number>()
  if (text.trim() === '') return []
  for (const element of text.trim().split(',')) {
    const [, caret, one, two] = /^(\^?)([0-9]+)(?:-([0-9]+))?$/.exec(element) ?? []
    if (one === undefined) return `ERR_CPU_LIST ${element}`
    const [first, last] = [Number(one), Number(two ?? one)]
    if (first > MAX_CPU_ID || last > MAX_CPU_ID) return `ERR_CPU_ID ${element}`
    if (last < first) return `ERR_CPU_LIST ${element}`
    for (let id = first; id <= last; id++) {
      if (caret === '^') ids.delete(id)
      else ids.add(id)
    }
  }
  return ascending(ids)
}
