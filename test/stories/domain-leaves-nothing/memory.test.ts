import { getEventListeners } from 'node:events'
import type { Duplex } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { Domain } from '../../../src/index.ts'
import { SimulatedAgent, SimulatedQemu, VirtualClock } from '../../../src/testing/index.ts'
import { leastGrowth, withoutOptimizedCode } from './heap.ts'
import { liveOneRound, OPERATIONS_A_ROUND, type Peers } from './life.ts'

const ROUNDS_A_STRETCH = 30
const STRETCHES = 5
/** A fence against a hang. */
const FENCE_MS = 600_000
/** Less than the smallest thing that could be left of each operation: an object of one member and its place in a list. */
const MOST_BYTES_AN_OPERATION = 24

interface InMemory extends Peers {
  /** Time passes only here: a look that is due in 10 ms is due at once. */
  readonly clock: VirtualClock
  /** Every connection that the domain has made. */
  readonly dialled: readonly Duplex[]
}

async function connectInMemory(): Promise<InMemory> {
  const qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8 })
  const agent = new SimulatedAgent(qemu.guest)
  const dialled: Duplex[] = []
  const noting = (dial: () => Duplex) => (): Duplex => {
    const duplex = dial()
    dialled.push(duplex)
    return duplex
  }
  const qmp = noting(() => qemu.connect())
  const qga = noting(() => agent.connect())
  const clock = new VirtualClock()
  const domain = await clock.run(Domain.connect({ qmp, qga, clock }))
  onTestFinished(async () => {
    await domain.close()
    await qemu[Symbol.asyncDispose]()
    await agent[Symbol.asyncDispose]()
  })
  return { qemu, agent, domain, clock, dialled }
}

test('thousands of operations on one domain: the heap stays flat', { timeout: FENCE_MS }, async () => {
  const peers = await connectInMemory()
  const { clock, domain } = peers
  const { signal } = new AbortController()
  await clock.run(liveOneRound(peers, { signal }))
  const growth = await withoutOptimizedCode(() =>
    leastGrowth(STRETCHES, async () => {
      for (let round = 0; round < ROUNDS_A_STRETCH; round++) await clock.run(liveOneRound(peers, { signal }))
    }),
  )
  expect(growth / (ROUNDS_A_STRETCH * OPERATIONS_A_ROUND)).toBeLessThan(MOST_BYTES_AN_OPERATION)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  await domain.close()
  expect(clock.pending).toBe(0)
})

test('listeners of connections and signals go with what they were for', { timeout: FENCE_MS }, async () => {
  const { dialled, ...peers } = await connectInMemory()
  const { qemu, agent, domain, clock } = peers
  const { signal } = new AbortController()
  const countOf = (duplex: Duplex): number[] => duplex.eventNames().map((name) => duplex.listenerCount(name))
  await clock.run(liveOneRound(peers, { signal }))
  const before = dialled.map(countOf)
  for (let round = 0; round < 20; round++) await clock.run(liveOneRound(peers, { signal }))
  expect(dialled.map(countOf)).toEqual(before)
  // Connections that were lost are left too.
  qemu.dropClient()
  agent.dropClient()
  await new Promise((resolve) => setImmediate(resolve))
  await clock.run(liveOneRound(peers, { signal }))
  expect(dialled).toHaveLength(4)
  await domain.close()
  for (const duplex of dialled) {
    expect(duplex.destroyed).toBe(true)
    expect(['data', 'end', 'close'].map((name) => duplex.listenerCount(name))).toEqual([0, 0, 0])
  }
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

test('10,000 calls share a signal without a warning', { timeout: FENCE_MS }, async () => {
  const { domain } = await connectInMemory()
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => {
    warnings.push(warning)
  }
  process.on('warning', onWarning)
  onTestFinished(() => {
    process.off('warning', onWarning)
  })
  const abort = new AbortController()
  const { signal } = abort
  const reads = Array.from({ length: 5_000 }, () => domain.getVcpuMap('online', { signal }))
  const changes = Array.from({ length: 5_000 }, (_, at) => domain.setVcpuState(2 + (at % 6), at % 2 === 0, { signal }))
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  abort.abort(new Error('enough'))
  const ends = await Promise.allSettled<unknown>([...reads, ...changes])
  expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(10_000)
  await new Promise((resolve) => setImmediate(resolve))
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  expect(warnings).toEqual([])
})
