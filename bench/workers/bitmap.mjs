// Sets of CPU ids, in a fresh process: CpuMap, bit sets of the registry, and a Uint32Array of fixed length that checks nothing.
import { Bench } from 'tinybench'
import { answer, load, request } from './subjects.mjs'

const { bits, timeMs } = request()
const CALLS = Math.max(1, Math.round(20_000 / bits))
const { CpuMap } = await load('qemu-vcpu/bitmap')
const { default: FastBitSet } = await load('fastbitset')
const { default: typed } = await load('typedfastbitset')
const TypedFastBitSet = typed.TypedFastBitSet ?? typed
const { BitSet } = await load('bitset').then((module) => ({
  BitSet: module.BitSet ?? module.default.BitSet ?? module.default,
}))

const ids = Array.from({ length: bits }, (_, id) => id)
const thirds = ids.filter((id) => id % 3 === 0)
// Runs of a few: what lists of CPUs look like.
const runs = ids.filter((id) => id % 16 < 11)

const WORDS = Math.ceil(bits / 32)
const words = {
  from: (list) => {
    const made = new Uint32Array(WORDS)
    for (const id of list) made[id >>> 5] |= 1 << (id & 31)
    return made
  },
  union: (x, y) => {
    const made = new Uint32Array(WORDS)
    for (let at = 0; at < WORDS; at++) made[at] = x[at] | y[at]
    return made
  },
  sum: (x) => {
    let sum = 0
    for (let id = 0; id < bits; id++) if (((x[id >>> 5] >>> (id & 31)) & 1) === 1) sum += id
    return sum
  },
  format: (x) => {
    const parts = []
    let first = -1
    for (let id = 0; id <= WORDS * 32; id++) {
      const isIn = id < WORDS * 32 && ((x[id >>> 5] >>> (id & 31)) & 1) === 1
      if (isIn && first < 0) first = id
      if (isIn || first < 0) continue
      parts.push(first === id - 1 ? `${first}` : `${first}-${id - 1}`)
      first = -1
    }
    return parts.join(',')
  },
  parse: (text) => {
    const made = new Uint32Array(WORDS)
    let first = -1
    let id = 0
    for (let at = 0; at <= text.length; at++) {
      const digit = text.charCodeAt(at) - 48
      if (digit >= 0 && digit <= 9) {
        id = id * 10 + digit
        continue
      }
      // A dash; else a comma, or the end.
      if (digit === -3) first = id
      else {
        for (let each = first < 0 ? id : first; each <= id; each++) made[each >>> 5] |= 1 << (each & 31)
        first = -1
      }
      id = 0
    }
    return made
  },
}

const summed = (iterable) => {
  let sum = 0
  for (const id of iterable) sum += id
  return sum
}
const sumEach = (set) => {
  let sum = 0
  set.forEach((id) => {
    sum += id
  })
  return sum
}

const text = words.format(words.from(runs))
const both = (make) => [make(thirds), make(runs)]
const [mapA, mapB] = both((list) => CpuMap.from(list))
const [wordsA, wordsB] = both(words.from)
const [fastA, fastB] = both((list) => new FastBitSet(list))
const [typedA, typedB] = both((list) => new TypedFastBitSet(list))
const [setA, setB] = both((list) => {
  const set = new BitSet()
  for (const id of list) set.set(id, 1)
  return set
})

const OPERATIONS = {
  iterate: {
    words: () => words.sum(wordsA),
    CpuMap: () => summed(mapA),
    fastbitset: () => sumEach(fastA),
    typedfastbitset: () => sumEach(typedA),
    bitset: () => summed(setA.toArray()),
  },
  union: {
    words: () => words.union(wordsA, wordsB),
    CpuMap: () => mapA.union(mapB),
    fastbitset: () => fastA.new_union(fastB),
    typedfastbitset: () => typedA.new_union(typedB),
    bitset: () => setA.or(setB),
  },
  parse: { words: () => words.parse(text), CpuMap: () => CpuMap.parse(text) },
  format: { words: () => words.format(wordsB), CpuMap: () => mapB.toString() },
}

if (CpuMap.parse(text).toString() !== text || words.format(words.parse(text)) !== text)
  throw new Error('they do not do the same')

// The results are kept until the end of the sample, so that no engine leaves the work out.
const repeated = (call) => () => {
  const results = []
  for (let done = 0; done < CALLS; done++) results.push(call())
  return results
}

const result = {}
for (const [operation, tasks] of Object.entries(OPERATIONS)) {
  const bench = new Bench({ time: timeMs, warmupTime: timeMs / 4, throws: true })
  for (const [subject, task] of Object.entries(tasks)) bench.add(subject, repeated(task))
  await bench.run()
  result[operation] = Object.fromEntries(
    bench.tasks.map(({ name, result: { latency } }) => [name, (latency.p50 * 1e3) / CALLS]),
  )
}
answer(result)
