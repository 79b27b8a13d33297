import type { QemuTarget, QemuVersion } from '../../../packages/guest-kit/src/index.ts'

/** Every QEMU that the kit has. */
export const VERSIONS: readonly QemuVersion[] = ['7.2', '10.0', '11']

/** One way to build a machine, and what each QEMU makes of it. */
export interface MachineConfiguration {
  readonly name: string
  /** The row of the table that it belongs to. */
  readonly machine: string
  readonly target: QemuTarget
  /** QEMU's `-machine`; the kit's usual one of the target unless given. */
  readonly type?: string
  readonly smp: string
  readonly cpu?: string
  readonly extraArgs?: readonly string[]
  /** The QEMUs that do not start it, with the words they say. */
  readonly refused?: Readonly<Partial<Record<QemuVersion, string>>>
  /** The QEMUs that have hotplug on it; all of them unless given. */
  readonly versions?: readonly QemuVersion[]
  /** Fill only so many slots, by a seeded draw; all of them unless given. */
  readonly sample?: number
  /** So many slots that filling them takes seconds: only a full run does it. */
  readonly isLarge?: boolean
}

/** A NUMA node with memory of its own, `cpus` as in `-numa node,cpus=…`. */
export function node(id: number, options: { readonly memoryMb?: number; readonly cpus?: string } = {}): string[] {
  const { memoryMb = 128, cpus } = options
  return [
    ...['-object', `memory-backend-ram,id=ram${id},size=${memoryMb}M`],
    ...['-numa', `node,nodeid=${id}${cpus === undefined ? '' : `,cpus=${cpus}`},memdev=ram${id}`],
  ]
}

/** NUMA nodes without memory. */
export function emptyNodes(...ids: readonly number[]): string[] {
  return ids.flatMap((id) => ['-numa', `node,nodeid=${id}`])
}

/** Which node owns which part of the machine: `[node, 'socket-id=0']`. */
export function owners(...pairs: readonly (readonly [node: number, part: string])[]): string[] {
  return pairs.flatMap(([id, part]) => ['-numa', `cpu,node-id=${id},${part}`])
}

/** vCPUs of `-device`, there before QEMU answers its first query. */
export function coldPlugged(...devices: readonly string[]): string[] {
  return devices.flatMap((device) => ['-device', device])
}

/** The same words from every version. */
export function refusedByAll(words: string): Record<QemuVersion, string> {
  return { '7.2': words, '10.0': words, '11': words }
}
