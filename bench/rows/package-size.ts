import { counted } from '../compare.ts'
import type { Row } from '../row.ts'

/** What is downloaded. */
export const packageSize: Row = {
  name: 'package',
  title: 'The package',
  text: 'As `npm pack` makes it: the bytes of the archive, and the files in it.',
  run: ({ installed }) =>
    Promise.resolve([
      counted('packed', 'bytes', { 'qemu-vcpu': installed.packedBytes }),
      counted('files', 'count', { 'qemu-vcpu': installed.files }),
    ]),
}
