import { parseCount, requireOperands } from '../operands.ts'
import type { Verb } from '../verb.ts'

const OPERANDS = ['N']

/** `qemu-vcpu guest-scale N`: turn CPUs of the guest on or off until it runs N. */
export const guestScaleVerb: Verb = {
  name: 'guest-scale',
  operands: OPERANDS,
  summary: 'turn CPUs of the guest on or off until it runs N',
  details: `Nothing is plugged or unplugged. The lowest CPU that is off is turned on first, the
highest that is on and can be turned off is turned off first, one after the other.
A count that the guest cannot reach is refused with the nearest that it can, before
anything is sent. Needs --qga, and nothing else. --timeout is for each step.`,
  options: {},
  changes: true,
  agentOnly: true,
  needsAgent: true,
  prepare: ({ operands }) => {
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
  },
}
