import { CpuMap } from '../../../bitmap/set/cpu-map.ts'
import { listedIds, onlineIds } from '../../guest/cpus.ts'
import type { GuestView } from '../../guest/guest-view.ts'
import { listVcpus } from '../../guest/list-vcpus.ts'
import { isKnown, isSureEnough, type Vcpu, type VcpuGuest } from '../../results.ts'
import type { GuestMemory } from '../../vm/guest-memory.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'

/** The least confidence at which a change with `guest` touches a CPU, unless it is told otherwise. */
const SURE = 'observed'

/** Does the guest run what is plugged, and is it known which of its CPUs is which? */
export async function guestCpus(facts: Facts): Promise<readonly Finding[]> {
  const agent = await facts.agentFor('guest-get-vcpus')
  if (agent === undefined) return []
  const [{ slots }, view] = await Promise.all([facts.reading(), facts.guestView()])
  const plugged = listVcpus(slots, view).filter(({ online }) => online)
  const { failedStarts } = facts.vm.driver.state.guest
  const off = plugged.filter(({ guest }) => guest?.online === false)
  const [failed, others] = partition(off, ({ guest }) => isKnown(guest) && failedStarts.has(guest.id))
  return [
    ...failedToStart(failed, failedStarts),
    ...offline(others, view),
    ...unlisted(plugged, view),
    ...unsure(plugged),
  ]
}

/** Of this boot of the guest, and only where this Domain was the one that asked for it: the agent keeps no account of it. */
function failedToStart(failed: readonly Vcpu[], starts: GuestMemory['failedStarts']): Finding[] {
  if (failed.length === 0) return []
  const guestIds = guestIdsOf(failed)
  return [
    {
      code: 'guest-cpu-fails',
      severity: 'warns',
      summary: `plugged, and the guest could not turn it on: vCPU ${idsOf(failed)}, which the guest has as CPU ${String(guestIds)}`,
      evidence: [...guestIds]
        .slice(0, 4)
        .map((id) => `CPU ${id}: ${starts.get(id)?.words ?? ''}`)
        .concat(guestIds.size > 4 ? ['…'] : [])
        .join('; '),
      advice:
        "read the guest's kernel log (dmesg), which says why, and do not count it as capacity; if it fails once more, unplug it (the guest does not run it) and boot the guest again when that suits: a kernel that could not start a CPU seldom can later",
    },
  ]
}

function offline(off: readonly Vcpu[], view: GuestView): Finding[] {
  if (off.length === 0) return []
  const guestIds = guestIdsOf(off)
  return [
    {
      code: 'guest-cpu-offline',
      severity: 'warns',
      summary: `plugged and not in use: vCPU ${idsOf(off)}, which the guest has as CPU ${String(guestIds)} and does not run`,
      evidence: `guest-get-vcpus: online ${String(onlineIds(view.cpus))} of ${String(listedIds(view.cpus))}`,
      advice: `turn it on ('qemu-vcpu guest-set ${String(guestIds.first() ?? '')} on'); many guests leave plugged CPUs off unless a udev rule turns them on. A guest that refuses says why in its kernel log (dmesg); what it cannot run can be unplugged`,
    },
  ]
}

function unlisted(plugged: readonly Vcpu[], view: GuestView): Finding[] {
  const missing = plugged.filter(({ guest }) => guest === null)
  if (missing.length === 0) return []
  return [
    {
      code: 'guest-cpu-missing',
      severity: 'warns',
      summary: `plugged and unknown to the guest: vCPU ${idsOf(missing)}`,
      evidence: `plugged: ${idsOf(plugged)}; guest-get-vcpus lists ${String(listedIds(view.cpus))}`,
      advice:
        "read the guest's kernel log about it (dmesg); unplug it (it is unused), or boot the guest again: it takes what is plugged when it boots",
    },
  ]
}

/** The boot vCPU is of no interest here: it is never touched. */
function unsure(plugged: readonly Vcpu[]): Finding[] {
  const doubtful = plugged.filter(
    ({ guest, offlinable }) => guest !== null && !isSure(guest) && (offlinable || guest.online !== true),
  )
  if (doubtful.length === 0) return []
  const levels = [...new Set(doubtful.flatMap(({ guest }) => (guest === null ? [] : [guest.confidence])))]
  return [
    {
      code: 'translation-unsure',
      severity: 'warns',
      summary: `which CPU of the guest vCPU ${idsOf(doubtful)} is, is ${levels.join(' or ')} only: set --guest refuses to touch it`,
      evidence: doubtful
        .slice(0, 8)
        .map(({ id, guest }) => `vCPU ${id} = guest CPU ${guest?.id ?? '?'} (${guest?.confidence ?? '?'})`)
        .concat(doubtful.length > 8 ? ['…'] : [])
        .join(', '),
      advice:
        'let the agent read files (guest-file-open, -read, -close), so that the guest itself can say; or change it with a lower --confidence',
    },
  ]
}

function idsOf(vcpus: readonly Vcpu[]): string {
  return String(CpuMap.from(vcpus.map(({ id }) => id)))
}

function guestIdsOf(vcpus: readonly Vcpu[]): CpuMap {
  return CpuMap.from(vcpus.flatMap(({ guest }) => (isKnown(guest) ? [guest.id] : [])))
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))]
}

function isSure(guest: VcpuGuest): boolean {
  return isKnown(guest) && isSureEnough(guest.confidence, SURE)
}
