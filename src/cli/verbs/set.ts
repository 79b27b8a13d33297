import type { Verb } from '../verb.ts'

/** `qemu-vcpu set IDS on|off`: plug or unplug vCPUs in QEMU, each one by itself. */
export const setVerb: Verb = {
  name: 'set',
  operands: ['IDS', 'on|off'],
  summary: 'plug (on) or unplug (off) one vCPU, or each of a list',
  details: `IDS is one of QEMU's cpu-indexes, as 'map' and 'list' show them, or a list such as
5-7,^6: that is planned as a whole, and then changed one vCPU after the other; when
one fails, those after it are not tried. A vCPU that has the state already is left
alone, which is not an error. Unplugging takes the guest's consent,
and ends once QEMU's slot is empty. A time-out does not take the request back:
the guest may still let the vCPU go.

With --guest, 'on' also waits until the guest lists the vCPU, and turns it on there;
'off' first turns off exactly the guest's CPU that it is, or refuses where that is
not known well enough: 'list' shows how it is known, and --confidence says how well
it has to be (exact, observed, computed or assumed). Below the result stands what
was done, and when. With --rollback a failure in the guest is undone in QEMU.`,
  options: {
    'whole-slot': {
      type: 'boolean',
      help: 'move all vCPUs of its slot, where several move as one (pseries)',
    },
    guest: {
      type: 'boolean',
      help: 'carry it through into the guest, and verify it there; needs --qga',
    },
    rollback: { type: 'boolean', help: 'with --guest or a list: when a part fails, undo what was done' },
    confidence: {
      type: 'string',
      value: 'LEVEL',
      help: 'with --guest: how well its CPU must be known (observed)',
    },
  },
  changes: true,
  needsAgent: false,
  load: () => import('../runs/set.ts'),
}
