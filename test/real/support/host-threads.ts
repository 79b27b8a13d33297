import { readFile } from 'node:fs/promises'

/** What the host's kernel says of a thread. */
export interface HostThread {
  /** The CPUs that it may run on, `0-1`. */
  readonly cpus: string
  /** Its cgroup of v2, from the root of that hierarchy: `/machine/vm1`. */
  readonly cgroup: string
  /** How long it has run, in nanoseconds. */
  readonly ranNs: bigint
}

/** Read it, of a thread of a process. */
export async function readHostThread(pid: number, threadId: number): Promise<HostThread> {
  const task = `/proc/${pid}/task/${threadId}`
  const [status, cgroups, schedstat] = await Promise.all(
    ['status', 'cgroup', 'schedstat'].map((name) => readFile(`${task}/${name}`, 'utf8')),
  )
  return {
    cpus: /^Cpus_allowed_list:\s*(\S+)$/m.exec(status ?? '')?.[1] ?? '',
    cgroup: /^0::(.*)$/m.exec(cgroups ?? '')?.[1] ?? '',
    ranNs: BigInt((schedstat ?? '').split(' ')[0] ?? ''),
  }
}
