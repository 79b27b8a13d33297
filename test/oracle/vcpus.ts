import type { Machine } from '../../packages/guest-kit/src/index.ts'

/** One entry of `query-cpus-fast`, as far as the tests look. */
export interface TrueVcpu {
  readonly 'cpu-index': number
  readonly props: Readonly<Record<string, unknown>>
}

/** Every plugged vCPU by QEMU's own word, asked on a monitor that the client under test does not use. */
export async function trueVcpus(machine: Machine): Promise<readonly TrueVcpu[]> {
  return (await machine.query('query-cpus-fast')) as readonly TrueVcpu[]
}

/** The cpu-indexes among them, ascending. */
export async function trueIndexes(machine: Machine): Promise<readonly number[]> {
  return (await trueVcpus(machine)).map((vcpu) => vcpu['cpu-index']).sort((a, b) => a - b)
}
