import { KitError, resolveQemu, startMachine, type Machine } from '../../packages/guest-kit/src/index.ts'
import type { MatrixMachine } from './machines/index.ts'

/** Start a machine with nobody in it and its vCPUs stopped: only its slots are asked about. */
export async function start({ configuration, version }: MatrixMachine): Promise<Machine> {
  const { target, type: machine, smp, cpu, extraArgs } = configuration
  const qemu = await resolveQemu(version, target, progress)
  return startMachine({ qemu, machine, smp, cpu, extraArgs, paused: true })
}

/** The version of a QEMU that does not start, and so cannot be asked. */
export async function versionOf({ configuration, version }: MatrixMachine): Promise<string> {
  return (await resolveQemu(version, configuration.target, progress)).version
}

/** The title of a test. */
export function titleOf({ configuration, version }: MatrixMachine): string {
  return `${configuration.machine}, ${configuration.name}, QEMU ${version}`
}

/** What QEMU itself said when it did not start: the last line of its stderr that is no warning. */
export function lastWords(error: unknown): string {
  if (!(error instanceof KitError)) throw error
  const said = [...error.message.matchAll(/^(?:\S*\/)?qemu-system-\w+: (.*)$/gm)].map(([, words]) => words ?? '')
  const last = said.findLast((words) => !words.includes('warning: '))
  if (last === undefined) throw new Error('QEMU ended without a word', { cause: error })
  return last
}

/** Decides every draw of a run; another one each time, unless `$MATRIX_SEED` repeats one. */
export const seed = Number(process.env['MATRIX_SEED'] ?? Date.now() % 2_147_483_647)

/** Tells whoever waits what for. */
export function progress(line: string): void {
  console.error(line)
}
