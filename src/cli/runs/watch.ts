import { requireOperands } from '../operands.ts'
import type { VerbCode } from '../verb.ts'
import { watch } from '../watch/watch.ts'

/** Check what the verb was given, and say what it does then. */
export const prepare: VerbCode['prepare'] = ({ operands, options }) => {
  requireOperands('watch', operands, [])
  return async (session) => {
    await watch(session, { share: options.has('share') })
    return { json: undefined, text: () => '' }
  }
}
