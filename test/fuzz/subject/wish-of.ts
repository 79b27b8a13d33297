import { CpuMap } from '../../../src/index.ts'
import type { Wish } from '../../stories/domain-over-simulated-vm/call.ts'
import type { Arena } from './arena.ts'

/** What a run of the command is to bring about; `undefined` for one that only reads, or is wrong. */
export function wishOf(arena: Arena, argv: readonly string[]): Wish | undefined {
  const [verb, first = '', state] = argv
  const online = state === 'on'
  const guest = argv.includes('--guest')
  switch (verb) {
    case 'set': {
      const ids = idsOf(first)
      if (ids === undefined) return { kind: 'states', ids: [], online, guest }
      const [only] = ids
      if (ids.length === 1 && only !== undefined) return { kind: 'set', ids: arena.slotOf(only), online, guest }
      return { kind: 'states', ids, online, guest }
    }
    case 'guest-set': {
      const ids = idsOf(first)
      const [only] = ids ?? []
      return ids?.length === 1 && only !== undefined
        ? { kind: 'guest-set', id: only, online }
        : { kind: 'states', ids: [], online, guest: true }
    }
    case 'scale':
      return argv.includes('--dry-run') ? undefined : { kind: 'scale', count: Number(first), guest }
    case 'export':
      return argv.includes('--apply') ? { kind: 'states', ids: [], online: true, guest: false } : undefined
    case 'guest-scale':
      return { kind: 'states', ids: [], online: true, guest: true }
    default:
      return undefined
  }
}

function idsOf(text: string): readonly number[] | undefined {
  try {
    return [...CpuMap.parse(text)]
  } catch {
    return undefined
  }
}
