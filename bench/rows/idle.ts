import { compare, type Comparison } from '../compare.ts'
import type { Row } from '../row.ts'
import { machineReplies } from '../setup/replies.ts'
import type { Setup } from '../setup/setup.ts'

type Memory = Readonly<Record<'idleRss' | 'mappedRss' | 'idleHeap' | 'mappedHeap', number>>

/** What a VM costs that nothing happens to. */
export const idle: Row = {
  name: 'idle',
  title: 'Memory of an idle VM',
  text:
    '1,000 of them in one fresh process: a `Domain` with its monitor’s and its agent’s socket, or two bare sockets each, which is 1. ' +
    'RSS and the heap of V8 for one of them, when all are connected, and when each has read its maps once (of 8 slots).',
  spent:
    'By heap snapshots of 1,000 idle VMs, 1.9 of some 14 kB are Node’s two sockets; 45 functions and 24 contexts are 3.7 (what each ' +
    'connection, client and driver hands to the one below it), the objects of these rooms about 6, four hash tables 0.8, and the options as they were given 1. ' +
    'Limits that nobody sets, sets, and abort controllers are shared, or made when they are needed. Three quarters of the RSS after a map ' +
    'are pages that V8 keeps for the next replies, whatever became of the last ones.',
  run: async (setup) => {
    await using server = await setup.instant(await machineReplies(setup, 8, 2), 'other')
    const parts: readonly (readonly [title: string, part: keyof Memory])[] = [
      ['RSS, idle', 'idleRss'],
      ['RSS, after a map', 'mappedRss'],
      ['heap, idle', 'idleHeap'],
      ['heap, after a map', 'mappedHeap'],
    ]
    const memories = await measured(setup, server.path)
    return await Promise.all(parts.map(([title, part]) => comparisonOf(title, part, memories)))
  },
}

interface Memories {
  readonly bare: readonly Memory[]
  readonly domain: readonly Memory[]
}

async function measured(setup: Setup, path: string): Promise<Memories> {
  const bare: Memory[] = []
  const domain: Memory[] = []
  const one = async (subject: string): Promise<Memory> =>
    (await setup.worker('idle', { subject, path, count: setup.calls(1_000) }, { nodeArgs: ['--expose-gc'] })) as Memory
  for (let round = 0; round < Math.min(setup.rounds, 5); round++) {
    bare.push(await one('bare'))
    domain.push(await one('qemu-vcpu'))
  }
  return { bare, domain }
}

/** The rounds were measured before: this hands them out. */
function comparisonOf(title: string, part: keyof Memory, { bare, domain }: Memories): Promise<Comparison> {
  const given = (memories: readonly Memory[]) => {
    let at = 0
    return () => Promise.resolve(memories[at++]?.[part] ?? Number.NaN)
  }
  return compare({
    title,
    unit: 'bytes',
    rounds: bare.length,
    base: ['two bare sockets'],
    subjects: { 'two bare sockets': given(bare), 'qemu-vcpu': given(domain) },
  })
}
