import type { Verb } from '../verb.ts'

/** `qemu-vcpu guest-scale N`: turn CPUs of the guest on or off until it runs N. */
export const guestScaleVerb: Verb = {
  name: 'guest-scale',
  operands: ['N'],
  summary: 'turn CPUs of the guest on or off until it runs N',
  details: `Nothing is plugged or unplugged. The lowest CPU that is off is turned on first, the
highest that is on and can be turned off is turned off first, one after the other.
A count that the guest cannot reach is refused with the nearest that it can, before
anything is sent. Needs --qga, and nothing else. --timeout is for each step.`,
  options: {},
  changes: true,
  agentOnly: true,
  needsAgent: true,
  load: () => import('../runs/guest-scale.ts'),
}
