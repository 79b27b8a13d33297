import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { numbersAfter, possibleNumbers, type BootFacts } from '../../../../src/domain/guest/boot-numbering.ts'

/** The rule, as it reads: those present ascending, then those absent ascending. */
function numbering(slots: number, atBoot: ReadonlySet<number>): number[] {
  const all = Array.from({ length: slots }, (_, id) => id)
  const order = [...all.filter((id) => atBoot.has(id)), ...all.filter((id) => !atBoot.has(id))]
  return all.map((id) => order.indexOf(id))
}

function facts(plugged: number[], listed: number[], always: number[] = [0], gone: number[] = []): BootFacts {
  return { plugged, listed: new Set(listed), always: new Set(always), gone }
}

function sure(known: ReturnType<typeof possibleNumbers>): [number, number][] | undefined {
  return known && [...known].flatMap(([id, numbers]) => (numbers.size === 1 ? [[id, [...numbers][0] ?? -1]] : []))
}

describe('from the list of the guest alone', () => {
  test('two were plugged when it booted', () => {
    expect(sure(possibleNumbers(facts([0, 2, 5], [0, 1, 2])))).toEqual([
      [0, 0],
      [2, 1],
      [5, 2],
    ])
  })

  test('two were plugged after it had booted', () => {
    expect(sure(possibleNumbers(facts([0, 1, 3, 5], [0, 1, 3, 5], [0, 1])))).toEqual([
      [0, 0],
      [1, 1],
      [3, 3],
      [5, 5],
    ])
  })

  test('3 may have been plugged before a reset, and 2 after it: neither is certain', () => {
    const known = possibleNumbers(facts([0, 1, 2, 3], [0, 1, 2, 3], [0, 1]))
    expect(sure(known)).toEqual([
      [0, 0],
      [1, 1],
    ])
    expect([...(known?.get(2) ?? [])].sort()).toEqual([2, 3])
  })

  test('a list that no boot explains disproves the rule', () => {
    expect(possibleNumbers(facts([0, 1, 5], [0, 1, 4], [0, 1]))).toBeUndefined()
  })

  test('an agent that leaves out CPUs proves nothing', () => {
    expect(possibleNumbers(facts([0, 1, 5], [0, 1], [0, 1]))).toBeUndefined()
  })

  test('more vCPUs than can be tried', () => {
    const many = Array.from({ length: 289 }, (_, id) => id)
    expect(possibleNumbers(facts(many, many))).toBeUndefined()
  })
})

test('where it is known what was plugged at boot', () => {
  const known = { plugged: [0, 1, 2, 3], listed: new Set([0, 1, 2, 3]) }
  expect([...(numbersAfter([0, 1, 3], known) ?? [])]).toEqual([
    [0, 0],
    [1, 1],
    [2, 3],
    [3, 2],
  ])
  expect(numbersAfter([0, 1], { plugged: [0, 1, 5], listed: new Set([0, 1, 2]) })).toBeUndefined()
})

test('whatever was plugged at boot and has come and gone since: the truth is always possible, and what is certain is true', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }).chain((slots) =>
        fc.record({
          slots: fc.constant(slots),
          atBoot: fc.subarray(Array.from({ length: slots }, (_, id) => id)),
          now: fc.subarray(Array.from({ length: slots }, (_, id) => id)),
          start: fc.subarray(Array.from({ length: slots }, (_, id) => id)),
        }),
      ),
      ({ slots, atBoot: booted, now, start }) => {
        const atBoot = new Set([0, ...booted])
        const plugged = [...new Set([0, ...now])].sort((a, b) => a - b)
        const numbers = numbering(slots, atBoot)
        const listed = plugged.map((id) => numbers[id] ?? -1)
        const always = [0, ...start.filter((id) => atBoot.has(id) && plugged.includes(id))]
        const gone = [...atBoot].filter((id) => !plugged.includes(id))
        const known = possibleNumbers(facts(plugged, listed, always, gone))
        for (const id of plugged) expect(known?.get(id)?.has(numbers[id] ?? -1)).toBe(true)
        expect([...(numbersAfter([...atBoot], { plugged, listed: new Set(listed) }) ?? [])]).toEqual(
          plugged.map((id) => [id, numbers[id]]),
        )
      },
    ),
    { numRuns: 500 },
  )
})

test('a large machine is tried in full', () => {
  const plugged = Array.from({ length: 144 }, (_, at) => 2 * at)
  const numbers = numbering(288, new Set(plugged.slice(0, 72)))
  const known = possibleNumbers(
    facts(
      plugged,
      plugged.map((id) => numbers[id] ?? -1),
      plugged.slice(0, 72),
    ),
  )
  for (const id of plugged) expect(known?.get(id)?.has(numbers[id] ?? -1)).toBe(true)
})
