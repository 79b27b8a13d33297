import type { Guest, GuestArchitecture } from '../../packages/guest-kit/src/index.ts'

/** One CPU of a guest by the guest's own word, read through its shell and not through the agent. */
export interface TrueCpu {
  readonly guestId: number
  /** The cpu-index of the vCPU that it is; `undefined` for one that is listed and not there. */
  readonly index: number | undefined
  readonly online: boolean
}

/** What a guest's `/sys` says of its CPUs. */
export interface TrueGuest {
  readonly present: string
  readonly online: string
  /** Ascending by the guest's ids. */
  readonly cpus: readonly TrueCpu[]
}

/**
 * Where each architecture's kernel says which vCPU one of its CPUs is, and how to read it. Written anew here, apart from
 * src/domain/guest: this is what the library is measured by.
 */
const acpi = {
  file: 'firmware_node/path',
  index: (text: string) => Number.parseInt(text.slice(text.lastIndexOf('.C') + 2), 16),
}
const identities: Readonly<Record<GuestArchitecture, { file: string; index: (text: string) => number }>> = {
  x86_64: acpi,
  loongarch64: acpi,
  s390x: { file: 'address', index: Number },
  // The machines of these tests leave vsmt alone, and then it is the number of threads: hardware ids are cpu-indexes.
  ppc64le: { file: 'physical_id', index: Number },
}

/** Ask the guest. */
export async function trueGuest(guest: Guest): Promise<TrueGuest> {
  const { file, index } = identities[guest.image.arch]
  // The shell's own `read` and no `cat` for each file: a process costs a guest under TCG milliseconds.
  const { stdout } = await guest.shell(`
    cd /sys/devices/system/cpu
    cat present online
    for cpu in cpu[0-9]*; do
      on=1 text=
      [ -e $cpu/online ] && read -r on < $cpu/online
      read -r text < $cpu/${file}
      echo "\${cpu#cpu} $on $text"
    done`)
  const [present = '', online = '', ...lines] = stdout.trim().split('\n')
  const here = new Set(idsOf(present))
  const cpus = lines.map((line) => {
    const [id = '', on = '', text = ''] = line.split(' ')
    const guestId = Number(id)
    return { guestId, index: here.has(guestId) ? index(text) : undefined, online: on === '1' }
  })
  return { present, online, cpus: cpus.sort((a, b) => a.guestId - b.guestId) }
}

/** The CPUs that are vCPUs which are there, ascending by cpu-index. */
export async function trueCpus(guest: Guest): Promise<readonly (TrueCpu & { readonly index: number })[]> {
  return (await trueGuest(guest)).cpus
    .flatMap(({ index, ...cpu }) => (index === undefined ? [] : [{ ...cpu, index }]))
    .sort((a, b) => a.index - b.index)
}

/** What the guest itself says, without the agent's word. */
export async function guestTruth(guest: Guest): Promise<{ readonly present: string; readonly online: string }> {
  const { stdout } = await guest.shell('cd /sys/devices/system/cpu && cat present online')
  const [present = '', online = ''] = stdout.split('\n')
  return { present, online }
}

/** The ids of a list as Linux writes it, `0-2,5`. */
function idsOf(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, at) => first + at)
  })
}
