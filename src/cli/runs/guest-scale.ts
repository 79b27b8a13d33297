import { parseCount, requireOperands } from '../operands.ts'
import type { VerbCode } from '../verb.ts'

const OPERANDS = ['N']

/** Check what the verb was given, and say what it does then. */
export const prepare: VerbCode['prepare'] = ({ operands }) => {
  requireOperands('guest-scale', operands, OPERANDS)
  const [countText = ''] = operands
  const count = parseCount(countText)
  return async ({ domain, call }) => {
    const { changed, outcome, online } = await domain.scaleGuest(count, call())
    const runs = `the guest runs ${online} ${online === 1 ? 'CPU' : 'CPUs'}`
    return {
      json: { changed, outcome, online },
      text: () =>
        changed.size === 0
          ? `${runs} already; nothing sent`
          : `guest ${changed.size === 1 ? 'CPU' : 'CPUs'} ${String(changed)} changed; ${runs} now`,
    }
  }
}
