import type { Verb } from '../verb.ts'

/** `qemu-vcpu guest-set IDS on|off`: turn CPUs of the guest on or off through its agent, each one by itself. */
export const guestSetVerb: Verb = {
  name: 'guest-set',
  operands: ['IDS', 'on|off'],
  summary: 'turn CPUs of the guest on or off, one after the other',
  details: `IDS is one of the guest's logical ids, which are not QEMU's, or a list such as 5-7,^6:
'map' shows the guest's ids, and 'list' which CPU of the guest each vCPU is. A list
is checked as a whole, and then changed one CPU after the other. A CPU that has the
state already is left alone, which is not an error. Needs --qga, and nothing else.`,
  options: {},
  changes: true,
  agentOnly: true,
  needsAgent: true,
  load: () => import('../runs/guest-set.ts'),
}
