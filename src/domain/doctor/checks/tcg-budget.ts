import { isPlugged } from '../../../bitmap/machine/vcpu-slot.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { unpluggableUnderTcg } from './tcg.ts'

/**
 * Multi-threaded TCG makes room for `maxcpus` threads and gives none back: when as many vCPUs were made, the next plug
 * ends QEMU (docs/wire-notes.md). How many were made QEMU does not tell: at least those that were seen.
 */
export async function tcgPlugBudget(facts: Facts): Promise<readonly Finding[]> {
  const tcg = await unpluggableUnderTcg(facts)
  if (tcg === undefined || tcg.threads.kind === 'single') return []
  const [{ slots }, { smp }] = await Promise.all([facts.reading(), facts.machine()])
  // Where nothing is free and nothing can be freed there is no next plug.
  if (smp === undefined || slots.every((slot) => isPlugged(slot) && !slot.offlinable)) return []
  const { made } = facts.vm.driver.state
  const perSlot = Math.max(...slots.map(({ count }) => count))
  const threadsLeft = Math.max(0, smp.maxCpus - smp.cpus - made)
  const left = Math.floor(threadsLeft / perSlot)
  return [
    {
      code: 'tcg-plug-budget',
      severity: left === 0 ? 'blocks' : 'warns',
      summary:
        left === 0
          ? 'the next plug ends QEMU: under TCG it has room for no further one in its life'
          : `QEMU survives ${left} more plug${left === 1 ? '' : 's'} at most, under TCG; each one that was made and undone unseen makes it one fewer`,
      evidence:
        `${tcg.accelerator.evidence}; qom-get /machine smp: cpus ${smp.cpus}, maxcpus ${smp.maxCpus}; plugged since: ${made}` +
        (perSlot === 1 ? '' : `; ${perSlot} vCPUs a plug`),
      advice: 'use KVM, or start the VM with a larger maxcpus: the budget is maxcpus minus the vCPUs of the start',
    },
  ]
}
