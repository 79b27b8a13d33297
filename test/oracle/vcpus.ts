import type { Machine } from '../../packages/guest-kit/src/index.ts'

/** One entry of `query-cpus-fast`, as far as the tests look. */
export interface TrueVcpu {
  readonly 'cpu-index': number
  readonly 'qom-path': string
  readonly 'thread-id': number
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

/** The device that fills a slot, and the thread that runs it. */
export interface TrueDevice {
  readonly index: number
  readonly path: string
  readonly threadId: number
}

/** The same with what tells one device from the next in the same slot, ascending by cpu-index. */
export async function trueDevices(machine: Machine): Promise<readonly TrueDevice[]> {
  return (await trueVcpus(machine))
    .map((vcpu) => ({ index: vcpu['cpu-index'], path: vcpu['qom-path'], threadId: vcpu['thread-id'] }))
    .sort((a, b) => a.index - b.index)
}
