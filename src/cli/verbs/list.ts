import type { Verb } from '../verb.ts'

/** `qemu-vcpu list`: one row for each vCPU, plugged or not. */
export const listVerb: Verb = {
  name: 'list',
  operands: [],
  summary: 'list every vCPU, plugged or not, with all that is known of it',
  details: `The state is 'plugged', 'plugged, fixed' (QEMU does not unplug it) or 'free'.
With --qga there is also the guest's CPU that it is: its logical id and state, and
how that is known where the guest's own /sys does not say it:
  observed  it appeared or vanished around a change
  computed  it follows from a rule
  assumed   nothing better is known than that both count from 0
  not known  the guest may have a CPU for it or not: let its agent read files
  none      the guest has no CPU for a plugged vCPU
Where the agent does not answer, QEMU's side is listed all the same.`,
  options: {},
  changes: false,
  needsAgent: false,
  lazyAgent: true,
  load: () => import('../runs/list.ts'),
}
