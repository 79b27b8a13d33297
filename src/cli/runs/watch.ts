import { requireOperands } from '../operands.ts'
import type { VerbCode } from '../verb.ts'
import { watch } from '../watch/watch.ts'

/** Check what the verb was given, and say what it does then. */
export const prepare: VerbCode['prepare'] = ({ operands }) => {
  requireOperands('watch', operands, [])
  return async (session) => {
    await watch(session)
    return { json: undefined, text: () => '' }
  }
}
