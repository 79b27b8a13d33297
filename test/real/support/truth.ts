import type { Guest } from '../kit/index.ts'

/** One of the guest's CPUs by the guest's own word, read through its shell and not through the agent. */
export interface TrueCpu {
  readonly guestId: number
  /** The vCPU that it is. */
  readonly index: number
  readonly online: boolean
}

/** Which CPUs an x86_64 guest has, and which vCPU each of them is. */
export async function trueCpus(guest: Guest): Promise<readonly TrueCpu[]> {
  const { stdout } = await guest.shell(`
    cd /sys/devices/system/cpu
    for cpu in cpu[0-9]*; do
      echo "\${cpu#cpu} $(cat $cpu/firmware_node/path) $(cat $cpu/online 2> /dev/null || echo 1)"
    done`)
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [guestId = '', path = '', online] = line.split(' ')
      return {
        guestId: Number(guestId),
        index: Number.parseInt(path.slice(path.lastIndexOf('.C') + 2), 16),
        online: online === '1',
      }
    })
    .sort((a, b) => a.index - b.index)
}

/** The cpu-indexes that QEMU itself lists, asked on the kit's own monitor. */
export async function trueVcpus(guest: Guest): Promise<readonly number[]> {
  const reply = (await guest.query('query-cpus-fast')) as readonly { readonly 'cpu-index': number }[]
  return reply.map((cpu) => cpu['cpu-index']).sort((a, b) => a - b)
}
