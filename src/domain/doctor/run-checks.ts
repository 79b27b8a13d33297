import { ConnectionError, TimeoutError } from '../../errors/peer-errors.ts'
import { VcpuError } from '../../errors/vcpu-error.ts'
import type { Deadline } from '../../wire/deadline.ts'
import type { Vm } from '../vm/vm.ts'
import { agentCommands, agentPresence } from './checks/agent.ts'
import { guestCpus } from './checks/guest-cpus.ts'
import { guestRoom } from './checks/guest-room.ts'
import { acpiOff, noUnplug, noHotplug, slotsUsedUp } from './checks/machine.ts'
import { managedByLibvirt } from './checks/manager.ts'
import { noVm } from './checks/peer.ts'
import { lastOst, removalKept, removalPending } from './checks/removals.ts'
import { migrating, notRunning } from './checks/run-state.ts'
import { tcgPlugBudget } from './checks/tcg-budget.ts'
import { tcgCoreUnplug, tcgReplug, tcgSingleThread } from './checks/tcg.ts'
import { noX2apic } from './checks/x2apic.ts'
import { smmPlug } from './checks/firmware.ts'
import { hangingMonitor } from './connection.ts'
import { Facts, type LookAtListener } from './facts.ts'
import { FINDING_SEVERITIES, type Finding } from './finding.ts'

/** Looks for one kind of trouble. */
interface Check {
  /** What it looks into, for when it cannot. */
  readonly about: string
  readonly find: (facts: Facts) => Promise<readonly Finding[]>
}

const CHECKS: readonly Check[] = [
  { about: 'whether the machine has hotplug', find: noHotplug },
  { about: 'whether the machine unplugs', find: noUnplug },
  { about: 'the slots', find: slotsUsedUp },
  { about: 'ACPI', find: acpiOff },
  { about: 'x2APIC', find: noX2apic },
  { about: 'the firmware', find: smmPlug },
  { about: 'who started the VM', find: managedByLibvirt },
  { about: 'whether the VM runs', find: notRunning },
  { about: 'migration', find: migrating },
  { about: 'the threads of TCG', find: tcgSingleThread },
  { about: 'the version of QEMU', find: tcgReplug },
  { about: 'the unplug of a core under TCG', find: tcgCoreUnplug },
  { about: 'the plugs left under TCG', find: tcgPlugBudget },
  { about: 'the agent', find: agentPresence },
  { about: "the agent's commands", find: agentCommands },
  { about: "the room of the guest's kernel", find: guestRoom },
  { about: 'the CPUs of the guest', find: guestCpus },
  { about: 'unplugs under way', find: removalPending },
  { about: 'unplugs from before a reset', find: removalKept },
  { about: "the guest's last answers", find: lastOst },
]

/**
 * Look for all that stands in the way of hotplug in a VM, without changing anything. What cannot be found out is a finding
 * too, and hides no other. Where there is no VM, or QEMU does not answer, that is the one finding.
 *
 * @param path - of the monitor's UNIX socket, where it is one
 * @param look - how such a socket is looked at; through `/proc` unless given
 * @returns the findings, the worst first
 * @throws {@link ConnectionError} when the monitor is lost; the signal's reason
 */
export async function runChecks(
  vm: Vm,
  deadline: Deadline,
  path?: string,
  look?: LookAtListener,
): Promise<readonly Finding[]> {
  const facts = new Facts(vm, deadline, path, look)
  const only = await onlyFinding(facts)
  if (only !== undefined) return [only]
  const failed = new Map<VcpuError, string[]>()
  const found = await Promise.all(
    CHECKS.map(async ({ about, find }) => {
      try {
        return await find(facts)
      } catch (error) {
        deadline.signal?.throwIfAborted()
        if (!(error instanceof VcpuError)) throw error
        failed.set(error, [...(failed.get(error) ?? []), about])
        return []
      }
    }),
  )
  await requireMonitor(facts)
  const findings = [...found.flat(), ...[...failed].map(([error, about]) => notFoundOut(about, error))]
  return findings.sort((a, b) => rankOf(a) - rankOf(b))
}

/** What makes all other questions pointless. An error of any other kind is met again by the checks. */
async function onlyFinding(facts: Facts): Promise<Finding | undefined> {
  try {
    return await noVm(facts)
  } catch (error) {
    if (error instanceof TimeoutError) return hangingMonitor(error, await facts.listener())
    if (error instanceof VcpuError) return undefined
    throw error
  }
}

/** A VM whose slots cannot be read since the monitor is lost was not examined at all. */
async function requireMonitor(facts: Facts): Promise<void> {
  const error = await facts.reading().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof ConnectionError) throw error
}

/** One for each error, however many wanted the answer that it was instead of. */
function notFoundOut(about: readonly string[], error: VcpuError): Finding {
  return {
    code: 'not-found-out',
    severity: 'warns',
    summary: `could not be looked into: ${about.join(', ')}`,
    evidence: error.message,
    advice: 'see what the evidence says, and ask again',
  }
}

function rankOf({ severity }: Finding): number {
  return FINDING_SEVERITIES.indexOf(severity)
}
