import type { Verb } from '../verb.ts'

/** `qemu-vcpu watch`: a live picture of the slots. */
export const watchVerb: Verb = {
  name: 'watch',
  operands: [],
  summary: 'show a live picture of the slots, until interrupted',
  details: `On a terminal: one sign for each vCPU ('map' says what they mean) and the last
events, drawn anew each second and whenever something happens. Elsewhere: the
maps, and then a line for each change of one of them.

With --json one document a line, each with a type and a time: a snapshot of the
maps, then each event, and the maps whenever one of them has changed. --timeout
bounds each look. Ends with 0 when interrupted (^C) or when its reader has gone,
and with 3 when the VM goes away.`,
  options: {},
  changes: false,
  needsAgent: false,
  lazyAgent: true,
  load: () => import('../runs/watch.ts'),
}
