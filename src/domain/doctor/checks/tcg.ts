import { neverUnplugs } from '../../../bitmap/machine/unplug-rules.ts'
import type { Accelerator } from '../facts-accelerator.ts'
import type { TcgThreads } from '../facts-tcg.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'

/** The first version that was seen to plug again after an unplug under TCG (docs/wire-notes.md). */
const REPLUGS_SINCE_MAJOR = 10
/** The first one that was seen to unplug a core of pseries under TCG. */
const UNPLUGS_CORES_SINCE_MAJOR = 11
const PSERIES = 'ppc64'

/** Single-threaded TCG: all vCPUs share a thread, and the first unplug ends QEMU. Seen on QEMU 7.2, 10.0 and 11.1. */
export async function tcgSingleThread(facts: Facts): Promise<readonly Finding[]> {
  const tcg = await unpluggableUnderTcg(facts)
  if (tcg === undefined || tcg.threads.kind === 'multi') return []
  const { accelerator, threads } = tcg
  const evidence = `${accelerator.evidence}; ${threads.evidence}`
  if (threads.kind === 'single') {
    return [
      {
        code: 'tcg-single-thread',
        severity: 'blocks',
        summary: 'QEMU emulates all vCPUs in one thread, and aborts when one of them is unplugged',
        evidence,
        advice: 'unplug nothing; start the VM with -accel kvm, or with -accel tcg,thread=multi and without -icount',
      },
    ]
  }
  return [
    {
      code: 'tcg-threads-unknown',
      severity: 'warns',
      summary:
        'it does not show whether QEMU emulates all vCPUs in one thread; where it does, it aborts at the first unplug',
      evidence,
      advice:
        "look at QEMU's command line before anything is unplugged: thread=single and -icount mean one thread. With a second vCPU plugged it shows here",
    },
  ]
}

/** QEMU 7.2 under TCG: heap corruption at any plug after an unplug. */
export async function tcgReplug(facts: Facts): Promise<readonly Finding[]> {
  const tcg = await unpluggableUnderTcg(facts)
  if (tcg === undefined || tcg.target === PSERIES) return []
  const { qemu } = await facts.version()
  if (qemu.major >= REPLUGS_SINCE_MAJOR) return []
  return [
    {
      code: 'tcg-replug-crash',
      severity: 'warns',
      summary: 'this QEMU may die at the first plug after an unplug: 7.2 does under TCG, 10.0 no longer does',
      evidence: `query-version: ${qemu.major}.${qemu.minor}.${qemu.micro}; ${tcg.accelerator.evidence}`,
      advice: 'plug nothing once something was unplugged; use KVM, or QEMU 10.0 or later',
    },
  ]
}

/** QEMU 10.0 under TCG: heap corruption at the first unplug of a pseries core. */
export async function tcgCoreUnplug(facts: Facts): Promise<readonly Finding[]> {
  const tcg = await unpluggableUnderTcg(facts)
  if (tcg?.target !== PSERIES) return []
  const { qemu } = await facts.version()
  if (qemu.major >= UNPLUGS_CORES_SINCE_MAJOR) return []
  return [
    {
      code: 'tcg-core-unplug-crash',
      severity: 'blocks',
      summary: 'this QEMU dies at the first unplug of a core: 10.0 does under TCG, 11 no longer does',
      evidence: `query-version: ${qemu.major}.${qemu.minor}.${qemu.micro}; query-cpus-fast: target ${tcg.target}; ${tcg.accelerator.evidence}`,
      advice:
        'unplug nothing; use KVM, or QEMU 11 or later. CPUs can be turned off in the guest instead (qemu-vcpu guest-set ID off)',
    },
  ]
}

/** A machine that unplugs, and that TCG runs. */
export interface UnderTcg {
  readonly accelerator: Accelerator
  readonly threads: TcgThreads
  readonly target: string | undefined
}

/** What is known of it; `undefined` for any other machine: what is never unplugged does not die of it. */
export async function unpluggableUnderTcg(facts: Facts): Promise<UnderTcg | undefined> {
  const [accelerator, { slots, noHotplug, target }] = await Promise.all([facts.accelerator(), facts.reading()])
  if (accelerator.name !== 'tcg' || noHotplug !== undefined || neverUnplugs(target)) return undefined
  // What holds the boot vCPU alone, for ever, is of no interest.
  if (slots.length < 2) return undefined
  return { accelerator, threads: await facts.tcgThreads(), target }
}
