import type { Verb } from '../verb.ts'

/** `qemu-vcpu doctor`: what stands in the way of hotplug in this VM, and what to do. */
export const doctorVerb: Verb = {
  name: 'doctor',
  operands: [],
  summary: 'say what prevents hotplug in this VM, and what to do',
  details: `Looks at the machine, QEMU's version and accelerator, the agent and the guest, and
changes nothing. Each finding has a name, what was seen and what to do, and says
how much it is in the way:
  blocks  something cannot be plugged, or unplugged, as the VM is now, or QEMU
          would not survive it
  warns   it can, and something may go wrong, unseen, or has gone wrong already
  notes   good to know

Findings are no failure: the exit status is 0 when it could look. A monitor that
cannot be reached is explained too, and the exit status is 3 then.`,
  options: {},
  changes: false,
  needsAgent: false,
  lazyAgent: true,
  load: () => import('../runs/doctor.ts'),
}
