import { guestMaps, mapsDocument } from '../maps.ts'
import { requireOperands } from '../operands.ts'
import type { Answer, Session, Verb } from '../verb.ts'
import { watch } from '../watch/watch.ts'

/** `qemu-vcpu watch`: a live picture of the slots. */
export const watchVerb: Verb = {
  name: 'watch',
  operands: [],
  summary: 'show a live picture of the slots, until interrupted',
  details: `On a terminal: one sign for each vCPU ('map' says what they mean) and the last
events, drawn anew each second and whenever something happens. Elsewhere: the
maps, and then a line for each change of one of them.

With --json it prints the maps once, and ends. --timeout bounds each look. Ends
with 0 when interrupted (^C), and with 3 when the VM goes away.`,
  options: {},
  changes: false,
  needsAgent: false,
  lazyAgent: true,
  prepare: ({ operands }) => {
    requireOperands('watch', operands, [])
    return async (session) => {
      if (session.wantsJson) return snapshot(session)
      await watch(session)
      return { json: {}, text: () => '' }
    }
  },
}

async function snapshot(session: Session): Promise<Answer> {
  const { domain, hasAgent, call } = session
  let failure: unknown
  const onError = (error: unknown): void => {
    failure = error
  }
  const qemu = await domain.getVcpuMaps(call())
  const agent = hasAgent ? await guestMaps(session, onError) : null
  return { json: { ...mapsDocument(qemu, agent), pending: domain.pendingRemovals() }, text: () => '', failure }
}
