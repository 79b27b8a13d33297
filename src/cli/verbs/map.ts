import type { Verb } from '../verb.ts'

/** `qemu-vcpu map`: all maps, and for people a picture of the slots. */
export const mapVerb: Verb = {
  name: 'map',
  operands: [],
  summary: 'show the maps of vCPUs, and with --qga of the guest',
  details: `QEMU's ids are cpu-indexes, for empty slots too:
  online      vCPUs that are plugged
  onlinable   vCPUs of empty slots, which could be plugged
  offlinable  plugged vCPUs that QEMU would unplug
  possible    all of them

The guest's ids are its own logical ids, which are not QEMU's:
  online      CPUs that the guest runs
  offlinable  those of them that it can turn off
  onlinable   CPUs that it does not run and can turn on
  possible    all that its agent lists

Below the maps stands one sign for each vCPU of QEMU's; with --qga it also tells
which plugged ones the guest does not run ('list' says more about each).
Where the agent does not answer, QEMU's maps are shown all the same.

--svg also draws them in FILE, as an SVG picture: by socket, die, core and thread.`,
  options: {
    svg: { type: 'string', value: 'FILE', help: 'draw the vCPUs in FILE too' },
  },
  changes: false,
  needsAgent: false,
  lazyAgent: true,
  load: () => import('../runs/map.ts'),
}
