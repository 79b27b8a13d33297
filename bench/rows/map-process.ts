import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { compare } from '../compare.ts'
import type { Row } from '../row.ts'
import { pinned } from '../setup/cores.ts'
import { machineReplies } from '../setup/replies.ts'

/** The command, from its start to its end. */
export const mapProcess: Row = {
  name: 'map-process',
  title: '`qemu-vcpu map`, the whole process',
  text: 'From starting the command to its end, over the instant server with 8 slots. 1 is `node -e 0`, which does nothing.',
  spent:
    'By CPU profiles of whole processes: 11 to 16 % of the busy time are V8’s reading and compiling of our files, some 10 the modules of Node that they need, and about 30 what Node does before and behind any program. In the rest the command line is read, a connection made, and two queries are sent, read and printed: all of it once, and so not compiled.',
  run: async (setup) => {
    await using server = await setup.instant(await machineReplies(setup, 8, 2), 'other')
    const bin = join(setup.installed.directory, 'node_modules/qemu-vcpu/dist/cli.js')
    return [
      await compare({
        title: 'whole process',
        rounds: setup.rounds * 3,
        base: ['node -e 0'],
        subjects: {
          'node -e 0': () => processUs(['-e', '0']),
          'qemu-vcpu map': () => processUs([bin, 'map', '--qmp', server.path]),
          'qemu-vcpu map --json': () => processUs([bin, 'map', '--json', '--qmp', server.path]),
          'qemu-vcpu --version': () => processUs([bin, '--version']),
        },
      }),
    ]
  },
}

async function processUs(args: readonly string[]): Promise<number> {
  const [program, ...rest] = pinned('client', [process.execPath, ...args])
  const start = process.hrtime.bigint()
  const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${String(code)}`)
  return Number(process.hrtime.bigint() - start) / 1e3
}
