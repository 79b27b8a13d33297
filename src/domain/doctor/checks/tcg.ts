import { isMadeAtStart } from '../../../bitmap/machine/device-path.ts'
import { neverUnplugs } from '../../../bitmap/machine/unplug-rules.ts'
import type { PluggedVcpu } from '../../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../../bitmap/set/cpu-map.ts'
import type { Accelerator } from '../facts-accelerator.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'

/** The first version that was seen to plug again after an unplug under TCG (docs/wire-notes.md). */
const REPLUGS_SINCE_MAJOR = 10

/** Single-threaded TCG: all vCPUs share a thread, and the first unplug ends QEMU. Seen on QEMU 7.2, 10.0 and 11.1. */
export async function tcgSingleThread(facts: Facts): Promise<readonly Finding[]> {
  const tcg = await unpluggableUnderTcg(facts)
  if (tcg === undefined || !shareOneThread(tcg.plugged)) return []
  return [
    {
      code: 'tcg-single-thread',
      severity: 'blocks',
      summary: 'QEMU emulates all vCPUs in one thread, and aborts when one of them is unplugged',
      evidence:
        `${tcg.accelerator.evidence}; query-cpus-fast: vCPUs ${idsOf(tcg.plugged)} share the host thread ` +
        String(tcg.plugged[0]?.hostThreadId),
      advice: 'unplug nothing; start the VM with -accel kvm, or with -accel tcg,thread=multi',
    },
  ]
}

/** QEMU 7.2 under TCG: heap corruption at any plug after an unplug. */
export async function tcgReplug(facts: Facts): Promise<readonly Finding[]> {
  const tcg = await unpluggableUnderTcg(facts)
  if (tcg === undefined) return []
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

/**
 * Multi-threaded TCG makes room for `maxcpus` threads and gives none back: after `maxcpus` minus the vCPUs of its start the
 * next plug ends QEMU. How many are used up nobody tells: at least one for each vCPU that is there.
 */
export async function tcgPlugBudget(facts: Facts): Promise<readonly Finding[]> {
  const tcg = await unpluggableUnderTcg(facts)
  if (tcg === undefined || shareOneThread(tcg.plugged)) return []
  const { smp } = await facts.machine()
  if (smp === undefined) return []
  const budget = smp.maxCpus - smp.cpus
  const used = tcg.plugged.filter(({ qomPath }) => !isMadeAtStart(qomPath)).length
  const left = Math.max(0, budget - used)
  return [
    {
      code: 'tcg-plug-budget',
      severity: left === 0 ? 'blocks' : 'warns',
      summary:
        left === 0
          ? 'the next plug ends QEMU: under TCG it has room for no further one in its life'
          : `QEMU survives ${left} more plug${left === 1 ? '' : 's'} at most, under TCG; each one made and undone before makes it one fewer`,
      evidence: `${tcg.accelerator.evidence}; qom-get /machine smp: cpus ${smp.cpus}, maxcpus ${smp.maxCpus}; plugged since: ${used}`,
      advice: 'use KVM, or start the VM with a larger maxcpus: the budget is maxcpus minus the vCPUs of the start',
    },
  ]
}

interface UnderTcg {
  readonly accelerator: Accelerator
  readonly plugged: readonly PluggedVcpu[]
}

/** The plugged vCPUs of a machine that unplugs, if TCG runs them: what is never unplugged does not die of it. */
async function unpluggableUnderTcg(facts: Facts): Promise<UnderTcg | undefined> {
  const [accelerator, { slots, noHotplug, target }] = await Promise.all([facts.accelerator(), facts.reading()])
  if (accelerator.name !== 'tcg' || noHotplug !== undefined || neverUnplugs(target)) return undefined
  return { accelerator, plugged: slots.flatMap(({ vcpus }) => vcpus) }
}

/** One vCPU alone shares its thread with nobody, whichever way TCG runs. */
function shareOneThread(plugged: readonly PluggedVcpu[]): boolean {
  return plugged.length > 1 && new Set(plugged.map(({ hostThreadId }) => hostThreadId)).size === 1
}

function idsOf(plugged: readonly PluggedVcpu[]): string {
  return String(CpuMap.from(plugged.map(({ id }) => id)))
}
