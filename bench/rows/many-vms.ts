import { compare } from '../compare.ts'
import type { Row } from '../row.ts'
import { machineReplies } from '../setup/replies.ts'

const VMS = 200

/** A daemon that starts. */
export const manyVms: Row = {
  name: 'many-vms',
  title: `${VMS} VMs, from connecting to the first map`,
  text: 'All at once in a fresh process, over the instant server on the other core (8 slots each). 1 is a bare socket each, nothing parsed.',
  spent:
    'By a profile: a fifth is loading the package, which a daemon pays once; a fifth is garbage collection, of the sockets and the parsed replies; sockets and their ' +
    'streams, which the floor has too, are another. A `Domain` waits for each of three round trips (greeting, capabilities, slots) as the floor does. ' +
    'At most 32 dials begin in a turn of the event loop.',
  run: async (setup) => {
    await using server = await setup.instant(await machineReplies(setup, 8, 2), 'other')
    const one = (subject: string) => () =>
      setup.us('connect', { subject, path: server.path, count: VMS }, { core: 'client' })
    return [
      await compare({
        title: `${VMS} VMs`,
        rounds: setup.rounds,
        base: ['floor'],
        subjects: { floor: one('floor'), 'qemu-vcpu': one('qemu-vcpu') },
      }),
    ]
  },
}
