import { compare } from '../compare.ts'
import type { Row } from '../row.ts'

const MODULES = ['node:net', 'qemu-vcpu', 'qemu-vcpu/qmp', 'qemu-vcpu/qga', 'qemu-vcpu/bitmap', 'node-qemu', 'qemu-qmp']

/** What the first import costs. */
export const imports: Row = {
  name: 'import',
  title: 'Import',
  text: 'The first `import` of each module, in a fresh process. 1 is that of `node:net`.',
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
