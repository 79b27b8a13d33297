import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CpuMap, MAX_CPU_ID } from '../../../../src/bitmap/index.ts'
import { ascending, cpuId, cpuIds } from '../ids.ts'

/** The truth, and the map under test. Both are replaced, never written to, by each command. */
interface Model {
  ids: ReadonlySet<number>
}
interface Real {
  map: CpuMap
}

interface Change {
  readonly name: string
  readonly model: (ids: ReadonlySet<number>) => Iterable<number>
  readonly real: (map: CpuMap) => CpuMap
}

/** Does one change to both sides, then compares everything that a map can be asked. */
class ChangeCommand implements fc.Command<Model, Real> {
  private readonly change: Change

  constructor(change: Change) {
    this.change = change
  }

  check(): boolean {
    return true
  }

  run(model: Model, real: Real): void {
    const before = real.map
    const idsBefore = model.ids
    model.ids = new Set(this.change.model(idsBefore))
    real.map = this.change.real(before)
    compare(real.map, model.ids)
    compare(before, idsBefore)
    expect(real.map.equals(before)).toBe(sameIds(model.ids, idsBefore))
    expect(real.map.isSubsetOf(before)).toBe([...model.ids].every((id) => idsBefore.has(id)))
    expect(before.isSubsetOf(real.map)).toBe([...idsBefore].every((id) => model.ids.has(id)))
  }

  toString(): string {
    return this.change.name
  }
}

function compare(map: CpuMap, ids: ReadonlySet<number>): void {
  const sorted = ascending(ids)
  expect([...map]).toEqual(sorted)
  expect(map.toString()).toBe(listOf(sorted))
  expect(map.size).toBe(ids.size)
  expect(map.first()).toBe(sorted[0])
  expect(map.last()).toBe(sorted.at(-1))
  for (const id of [...sorted.slice(0, 5), 0, 31, 32, 64, MAX_CPU_ID]) expect(map.has(id)).toBe(ids.has(id))
  expect(map.equals(CpuMap.from(sorted.reverse()))).toBe(true)
}

/** The list of ascending ids, one id after the other. */
function listOf(sorted: readonly number[]): string {
  const runs: { readonly first: number; readonly last: number }[] = []
  for (const id of sorted) {
    const run = runs.at(-1)
    if (run?.last === id - 1) runs[runs.length - 1] = { first: run.first, last: id }
    else runs.push({ first: id, last: id })
  }
  return runs.map(({ first, last }) => (first === last ? String(first) : `${String(first)}-${String(last)}`)).join(',')
}

function sameIds(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  return a.size === b.size && [...a].every((id) => b.has(id))
}

function span(first: number, length: number): number[] {
  return Array.from({ length: Math.min(length, MAX_CPU_ID - first + 1) }, (_, at) => first + at)
}

const spans = fc.tuple(cpuId, fc.integer({ min: 1, max: 200 })).map(([first, length]) => span(first, length))
const operands = fc.oneof(cpuIds, spans)

const changes: fc.Arbitrary<Change>[] = [
  operands.map((other) => ({
    name: `union(${other.join()})`,
    model: (ids) => [...ids, ...other],
    real: (map) => map.union(CpuMap.from(other)),
  })),
  operands.map((other) => ({
    name: `reverse union(${other.join()})`,
    model: (ids) => [...ids, ...other],
    real: (map) => CpuMap.from(other).union(map),
  })),
  operands.map((other) => ({
    name: `difference(${other.join()})`,
    model: (ids) => [...ids].filter((id) => !other.includes(id)),
    real: (map) => map.difference(CpuMap.from(other)),
  })),
  operands.map((other) => ({
    name: `intersection(${other.join()})`,
    model: (ids) => [...ids].filter((id) => other.includes(id)),
    real: (map) => map.intersection(CpuMap.from(other)),
  })),
  spans.map((ids) => ({
    name: `union(range ${String(ids[0])}-${String(ids.at(-1))})`,
    model: (before) => [...before, ...ids],
    real: (map) => map.union(CpuMap.range(ids[0] ?? 0, ids.at(-1) ?? 0)),
  })),
  spans.map((ids) => ({
    name: `exclude range ${String(ids[0])}-${String(ids.at(-1))} as text`,
    model: (before) => [...before].filter((id) => !ids.includes(id)),
    real: (map) => CpuMap.parse([...map, `^${String(ids[0])}-${String(ids.at(-1))}`].join(',')),
  })),
  fc.constant({ name: 'through text', model: (ids) => ids, real: (map) => CpuMap.parse(map.toString()) }),
  fc.constant({ name: 'through hex', model: (ids) => ids, real: (map) => CpuMap.fromHexMask(map.toHexMask()) }),
  fc.constant({ name: 'through bytes', model: (ids) => ids, real: (map) => CpuMap.fromBytes(map.toBytes()) }),
]

it('behaves as a Set<number> under any sequence of operations', () => {
  const commands = fc.commands(
    changes.map((change) => change.map((it) => new ChangeCommand(it))),
    { maxCommands: 20 },
  )
  fc.assert(
    fc.property(commands, (sequence) => {
      fc.modelRun(() => ({ model: { ids: new Set<number>() }, real: { map: CpuMap.empty } }), sequence)
    }),
    { numRuns: 150 },
  )
})

it('gives its ids to each reader from the beginning, and ends for good', () => {
  fc.assert(
    fc.property(operands, fc.array(fc.boolean(), { maxLength: 100 }), (ids, turns) => {
      const map = CpuMap.from(ids)
      const sorted = ascending(new Set(ids))
      const readers = [map[Symbol.iterator](), map[Symbol.iterator]()] as const
      const read = [0, 0]
      for (const turn of turns) {
        const at = turn ? 1 : 0
        const place = read[at] ?? 0
        read[at] = place + 1
        const value = sorted[place]
        expect(readers[at].next()).toEqual({ done: value === undefined, value })
      }
    }),
  )
})

it('gives a map that is its own: what it was made of may change afterwards', () => {
  fc.assert(
    fc.property(operands, operands, (one, other) => {
      const [a, b] = [CpuMap.from(one), CpuMap.from(other)]
      const all = [a.union(b), a.union(CpuMap.empty), a.intersection(a), a.difference(CpuMap.empty)]
      const before = all.map(String)
      // Whatever is made of the results leaves them as they are, and the operands too.
      for (const map of all) map.union(b).difference(a).intersection(map)
      expect(all.map(String)).toEqual(before)
      expect([...a]).toEqual(ascending(new Set(one)))
      expect([...b]).toEqual(ascending(new Set(other)))
    }),
  )
})
