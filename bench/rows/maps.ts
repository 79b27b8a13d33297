import { compare, type Comparison } from '../compare.ts'
import type { Row } from '../row.ts'
import { machineReplies } from '../setup/replies.ts'

/** Slots, and how many of them are plugged. */
const MACHINES = [
  [8, 2],
  [8, 8],
  [255, 2],
  [255, 255],
  [4_096, 2],
  [4_096, 4_096],
] as const

/** All of QEMU's maps from one reading. */
export const maps: Row = {
  name: 'maps',
  title: 'All maps',
  text:
    '`Domain.getVcpuMaps()` of a q35, with two and with all of its slots plugged. 1 is the floor (both queries over a bare ' +
    'socket, nothing parsed) and `JSON.parse` of both replies together. The instant server runs on the other core.',
  spent:
    'By CPU profiles of a warm client, in shares of the time in which it is busy. Of 8 slots 28 % are the system call that sends the queries, 6 JSON, ' +
    '20 the driver, 14 the wire and 8 the maps: no function of ours is above 5. Of 255 slots 24 are JSON, 20 the slots (their order, their places and APIC ids, ' +
    'their maps), 12 sending, 13 the wire with its checks of each member. Of 4,096 slots 39 are JSON, 14 the slots, 13 the wire, 10 sending. ' +
    'A fresh process, as here, is slower than that until V8 has compiled what is run often: a quick run of few calls shows mostly that.',
  run: async (setup) => {
    const comparisons: Comparison[] = []
    for (const [slots, plugged] of MACHINES) {
      await using server = await setup.instant(await machineReplies(setup, slots, plugged), 'other')
      const { path } = server
      const count = setup.calls(Math.min(3_000, Math.max(40, Math.round(250_000 / slots))))
      const one = (subject: string) => (): Promise<number> =>
        setup.us('maps', { subject, path, count }, { core: 'client' })
      comparisons.push(
        await compare({
          title: `${slots.toLocaleString('en')} slots, ${plugged.toLocaleString('en')} plugged`,
          rounds: setup.rounds,
          base: ['floor', 'JSON.parse'],
          subjects: { floor: one('floor'), 'JSON.parse': one('parse'), 'qemu-vcpu': one('qemu-vcpu') },
        }),
      )
    }
    return comparisons
  },
}
