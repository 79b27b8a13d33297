import type { Verb } from '../verb.ts'

/** `qemu-vcpu watch`: a live picture of the slots. */
export const watchVerb: Verb = {
  name: 'watch',
  operands: [],
  summary: 'show a live picture of the slots, whose keys act',
  details: `On a terminal: the vCPUs as a grid by socket, die, core and thread ('map' says what
the signs mean), QEMU's id and the guest's of each, and the last events. Keys:
  arrows, hjkl  move; g and G to the first and the last
  p, u          plug, unplug the vCPU's slot in QEMU
  o, f          turn its CPU on or off in the guest; needs --qga
  y             carry out what was asked for: each change is shown first; any other
                key leaves it
  q, ^C         end; in the middle of a change its result is unknown (status 4)
Elsewhere: the maps, and then a line for each change of one of them.

QEMU's monitor accepts one client at a time: with --share watch releases it between
two looks, so that other commands can connect. It gets no events then, and compares.

With --json one document a line, each with a type and a time: a snapshot of the
maps, then each event, and the maps whenever one of them has changed. --timeout
bounds each look and each change. Ends with 0 when interrupted (^C) or when its
reader has gone, and with 3 when the VM goes away.`,
  options: {
    share: { type: 'boolean', help: 'release the monitor between looks, for other clients; no events then' },
  },
  changes: false,
  needsAgent: false,
  lazyAgent: true,
  load: () => import('../runs/watch.ts'),
}
