import { compare } from '../compare.ts'
import type { Row } from '../row.ts'

const MODULES = ['node:net', 'qemu-vcpu', 'qemu-vcpu/qmp', 'qemu-vcpu/qga', 'qemu-vcpu/bitmap', 'node-qemu', 'qemu-qmp']

/** What the first import costs. */
export const imports: Row = {
  name: 'import',
  title: 'Import',
  text: 'The first `import` of each module, in a fresh process. 1 is that of `node:net`.',
  spent:
    'By CPU profiles of whole processes that import `qemu-vcpu`: 19 % are V8’s reading and compiling of our code (265 kB), 10 finding and opening its six files, 2 running what ' +
    'stands in them outside of functions; nearly all else is Node’s own start. Fewer bytes would help, and the comments are gone already; ' +
    'shorter names of functions would cost the stacks their meaning.',
  run: async (setup) => [
    await compare({
      title: 'import',
      // Short, and noisy.
      rounds: setup.rounds * 3,
      base: ['node:net'],
      subjects: Object.fromEntries(
        MODULES.map((specifier) => [specifier, () => setup.us('import', { specifier }, { core: 'client' })]),
      ),
    }),
  ],
}
