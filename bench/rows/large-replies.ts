import { compare, type Comparison } from '../compare.ts'
import type { Row } from '../row.ts'
import { replyOfBytes } from '../setup/replies.ts'

const SIZES = { '207 kB': 207_000, '1.6 MB': 1_600_000 }
const CLIENTS = ['qemu-vcpu', 'node-qemu', 'qemu-qmp']

/** What a long reply costs beside being parsed. */
export const largeReplies: Row = {
  name: 'large-replies',
  title: 'Long replies',
  text:
    '`query-hotpluggable-cpus` with replies of 207 kB and 1.6 MB, in pieces of 64 KiB. 1 is the floor (the bytes are read and ' +
    'their line ends counted) and `JSON.parse` of the same bytes together. “in memory”: this client over a stream ' +
    'in its own process, without a socket; beside `JSON.parse` alone.',
  spent:
    'Of 1.6 MB, by a CPU profile: half is `JSON.parse`, a fifth is garbage collection of what it and the check make, and a seventh is the check of each member against what QEMU’s schema says, which makes a plain object of each slot. The peers hand out what `JSON.parse` gives.',
  run: async (setup) => {
    const comparisons: Comparison[] = []
    for (const [title, bytes] of Object.entries(SIZES)) {
      await using server = await setup.instant(await replyOfBytes(setup, bytes), 'other')
      const { path } = server
      const count = setup.calls(Math.round(40_000_000 / bytes))
      const one = (subject: string) => (): Promise<number> =>
        setup.us('round-trips', { subject, path, command: 'query-hotpluggable-cpus', count }, { core: 'client' })
      const clients = Object.fromEntries(CLIENTS.map((subject) => [subject, one(subject)]))
      comparisons.push(
        await compare({
          title,
          rounds: setup.rounds,
          base: ['floor', 'JSON.parse'],
          subjects: { floor: one('floor'), 'JSON.parse': one('parse'), ...clients },
        }),
        await compare({
          title: `${title}, in memory`,
          rounds: setup.rounds,
          base: ['JSON.parse'],
          subjects: { 'JSON.parse': one('parse'), 'qemu-vcpu': one('memory') },
        }),
      )
    }
    return comparisons
  },
}
