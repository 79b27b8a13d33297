import { ejectRefusal, isAboutSlot, OST_SOURCE, OST_STATUS } from '../../../bitmap/machine/ost.ts'
import type { AcpiOst } from '../../../bitmap/machine/replies.ts'
import { isPlugged, slotOf } from '../../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../../bitmap/set/cpu-map.ts'
import { isPending, removalIds } from '../../vm/removal.ts'
import { pendingIds } from '../../vm/state.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'

/** Was a vCPU asked to go through this connection, and has not gone? */
export async function removalPending(facts: Facts): Promise<readonly Finding[]> {
  // The reading takes note of those that have gone meanwhile.
  await facts.reading()
  const pending = pendingIds(facts.vm.driver.state)
  if (pending.size === 0) return []
  return [
    {
      code: 'unplug-pending',
      severity: 'warns',
      summary: `an unplug of vCPU ${String(pending)} is pending; it cannot be plugged again until that completes or is refused`,
      evidence: `device_del was sent, and query-hotpluggable-cpus still shows vCPU ${String(pending)}`,
      advice: 'wait for the guest, or turn the CPU off in it first',
    },
  ]
}

/**
 * Was a vCPU asked to go before the guest was reset? On x86 QEMU keeps the request and the guest that boots next is not
 * told of it: at the next plug or unplug of any vCPU that guest comes upon it (docs/wire-notes.md).
 */
export async function removalKept(facts: Facts): Promise<readonly Finding[]> {
  await facts.reading()
  const { state } = facts.vm.driver
  const kept = state.removals
    .filter((removal) => removal.end === undefined && !isPending(removal, state.now))
    .reduce((ids, removal) => ids.union(removalIds(removal)), CpuMap.empty)
  if (kept.size === 0) return []
  return [
    {
      code: 'unplug-kept',
      severity: 'warns',
      summary: `QEMU may still have an earlier request to unplug vCPU ${String(kept)}, of which the guest does not know: it is then carried out at the next plug or unplug of any vCPU`,
      evidence: `device_del of vCPU ${String(kept)} was sent, then the guest was reset or the monitor was lost; query-hotpluggable-cpus still shows it`,
      advice:
        'if it is to go, unplug it now (QEMU is asked again); if it is to stay, plug and unplug nothing until QEMU itself has been restarted',
    },
  ]
}

/** What did the guest say last about each vCPU that is plugged? Only ACPI keeps that. */
export async function lastOst(facts: Facts): Promise<readonly Finding[]> {
  const [{ slots }, reports] = await Promise.all([facts.reading(), facts.lastOst()])
  return reports.flatMap((ost) => {
    const id = Number(ost.slot)
    const slot = isAboutSlot(ost, id) ? slotOf(slots, id) : undefined
    return slot !== undefined && isPlugged(slot) && ost.status !== OST_STATUS.success ? [findingOf(id, ost)] : []
  })
}

function findingOf(id: number, ost: AcpiOst): Finding {
  const evidence = `query-acpi-ospm-status: slot ${id}, source 0x${ost.source.toString(16)}, status 0x${ost.status.toString(16)}`
  if (ost.source === OST_SOURCE.deviceCheck) {
    return {
      code: 'plug-rejected',
      severity: 'warns',
      summary: `the guest answered to the plug of vCPU ${id} that it cannot take it`,
      evidence,
      advice: "read the guest's kernel log about it (dmesg), and unplug it (it is unused)",
    }
  }
  const refusal = ejectRefusal(ost)
  if (refusal === undefined) {
    return {
      code: 'unplug-in-progress',
      severity: 'warns',
      summary: `the guest has been asked to let vCPU ${id} go, and is working at it`,
      evidence,
      advice: 'wait; where it never ends, the guest is stuck in turning the CPU off: read its kernel log',
    }
  }
  return {
    code: 'unplug-refused',
    severity: 'warns',
    summary: `the guest last refused to let vCPU ${id} go: ${refusal}`,
    evidence,
    advice: 'free the CPU in the guest (pinned, isolated or real-time work holds it), then unplug it again',
  }
}
