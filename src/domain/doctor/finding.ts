import { printable } from '../../errors/quote.ts'

/** From the worst to the mildest. */
export const FINDING_SEVERITIES = ['blocks', 'warns', 'notes'] as const

/**
 * How much a finding stands in the way:
 *
 * - `blocks`: something cannot be plugged, or cannot be unplugged, as the VM is now, or QEMU would not survive it;
 * - `warns`: hotplug works, and something about it may go wrong, go unseen, or has gone wrong already;
 * - `notes`: good to know.
 */
export type FindingSeverity = (typeof FINDING_SEVERITIES)[number]

/** One thing that stands in the way of vCPU hotplug in a VM, as `Domain.doctor` finds it. */
export interface Finding {
  /** Stable name, such as `no-free-slot`: branch on this one. */
  readonly code: string
  readonly severity: FindingSeverity
  /** What is wrong, in one sentence. */
  readonly summary: string
  /** What was seen, literally; text of the guest is cut and escaped. */
  readonly evidence: string
  /** What to do. */
  readonly advice: string
}

/** The same for people and logs: whatever it quotes of QEMU, the guest or the host, no character in it steers a terminal. */
export function printableFinding(finding: Finding): Finding {
  const { summary, evidence, advice } = finding
  return { ...finding, summary: printable(summary), evidence: printable(evidence), advice: printable(advice) }
}
