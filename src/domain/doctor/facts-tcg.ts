import type { PluggedVcpu } from '../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { foreignText } from '../../errors/quote.ts'
import { readOrNothing, type LocalListener } from '../../wire/local-listener.ts'

/** How many threads run the vCPUs under TCG. */
export interface TcgThreads {
  /** `undefined` where that does not show. */
  readonly kind: 'single' | 'multi' | undefined
  /** How that is known. */
  readonly evidence: string
}

/** What QEMU calls its threads, where it names them: one for all vCPUs, or one for each. */
const THREAD_NAMES = { single: /^ALL CPUs\/TCG/, multi: /^CPU \d+\/TCG/ }

/**
 * Several vCPUs show by their threads whether they share one. One vCPU alone does not: then QEMU's process is looked at,
 * where it is on this host and may be.
 */
export async function readTcgThreads(
  plugged: readonly PluggedVcpu[],
  listener: LocalListener | undefined,
): Promise<TcgThreads> {
  const [first] = plugged
  if (first === undefined) return { kind: undefined, evidence: 'no vCPU is plugged' }
  if (plugged.length > 1) {
    const threads = new Set(plugged.map(({ hostThreadId }) => hostThreadId))
    return threads.size === 1
      ? {
          kind: 'single',
          evidence: `query-cpus-fast: vCPUs ${idsOf(plugged)} share the host thread ${first.hostThreadId}`,
        }
      : { kind: 'multi', evidence: `query-cpus-fast: ${threads.size} host threads run vCPUs ${idsOf(plugged)}` }
  }
  return readProcess(first.hostThreadId, listener)
}

async function readProcess(threadId: number, listener: LocalListener | undefined): Promise<TcgThreads> {
  for (const { pid } of listener?.processes ?? []) {
    // Its thread, and no other of that number.
    const name = await readOrNothing(`/proc/${pid}/task/${threadId}/comm`)
    const line = name === undefined ? undefined : await readOrNothing(`/proc/${pid}/cmdline`)
    if (name === undefined || line === undefined) continue
    const evidence = `query-cpus-fast: one vCPU; /proc/${pid}/task/${threadId}/comm: ${foreignText(name.trim(), 40)}`
    for (const kind of ['single', 'multi'] as const) if (THREAD_NAMES[kind].test(name)) return { kind, evidence }
    return fromArguments(line.split('\0'), pid)
  }
  return { kind: undefined, evidence: 'query-cpus-fast: one vCPU' }
}

/** The last `thread=` counts; `-icount` needs one thread. Without either QEMU decides. */
function fromArguments(argv: readonly string[], pid: number): TcgThreads {
  const words = argv.filter((_, at) => /^--?(?:accel|icount)$/.test(argv[at - 1] ?? ''))
  const evidence = `query-cpus-fast: one vCPU; /proc/${pid}/cmdline: ${foreignText(words.join(' ') || 'no -accel', 80)}`
  const threads = /(?:^|,)thread=(single|multi)/.exec(words.at(-1) ?? '')?.[1]
  if (threads === 'single' || argv.some((word) => /^--?icount$/.test(word))) return { kind: 'single', evidence }
  return { kind: threads === 'multi' ? 'multi' : undefined, evidence }
}

function idsOf(plugged: readonly PluggedVcpu[]): string {
  return String(CpuMap.from(plugged.map(({ id }) => id)))
}
