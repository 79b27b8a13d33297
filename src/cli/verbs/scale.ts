import type { Verb } from '../verb.ts'

/** `qemu-vcpu scale N`: plug or unplug until N vCPUs are plugged. */
export const scaleVerb: Verb = {
  name: 'scale',
  operands: ['N'],
  summary: 'plug or unplug until N vCPUs are plugged',
  details: `All steps are planned before the first is sent: the lowest free slot is filled
first, the highest that can be unplugged is emptied first, and slots of several
vCPUs move as one. A count that cannot be reached is refused with the nearest that can.

The policies 'spread-nodes' and 'spread-sockets' plug in the NUMA node, or socket,
with the fewest vCPUs plugged, and unplug from the fullest.

When a step fails those after it are not tried, and what was done stays, unless
--rollback is given. An interruption undoes nothing. --timeout is for each step.`,
  options: {
    'dry-run': { type: 'boolean', help: 'print the plan and send nothing' },
    policy: { type: 'string', value: 'POLICY', help: 'lowest (the default), spread-nodes or spread-sockets' },
    guest: { type: 'boolean', help: 'carry each step through into the guest, and verify it; needs --qga' },
    rollback: { type: 'boolean', help: 'when a step fails, undo those before it, the last one first' },
  },
  changes: true,
  needsAgent: false,
  load: () => import('../runs/scale.ts'),
}
