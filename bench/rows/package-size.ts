import { counted } from '../compare.ts'
import type { Row } from '../row.ts'

/** What is downloaded. */
export const packageSize: Row = {
  name: 'package',
  title: 'The package',
  text: 'As `npm pack` makes it: the bytes of the archive, and the files in it.',
  spent:
    'Of 250 kB the code is 160: the `Domain` 45, the command with all its verbs 60, the wire and both clients 25, the simulated VM of `qemu-vcpu/testing` 25. The types with their comments, which is what ' +
    'an editor shows, are 44; README, the pages of docs, the man page and the change log 59. The goal of 75 was set for a package without most of these.',
  run: ({ installed }) =>
    Promise.resolve([
      counted('packed', 'bytes', { 'qemu-vcpu': installed.packedBytes }),
      counted('files', 'count', { 'qemu-vcpu': installed.files }),
    ]),
}
