import type { FaultKind } from './cell.ts'
import { FAULTS } from '../../support/faults/faults.ts'
import type { FaultTable } from '../../support/faults/table.ts'

/** One session, for the page. */
export interface FaultRun {
  readonly qemuVersion: string
  readonly table: FaultTable
}

const MEANINGS: Readonly<Record<FaultKind, string>> = {
  cut: "the monitor's connection is cut, as by a proxy that dies",
  unlink: "the same, and the socket's file is away until the call has ended",
  freeze: 'SIGSTOP to QEMU, SIGCONT when the call has ended',
  'stop-agent': 'SIGSTOP to qemu-ga in the guest, SIGCONT when the call has ended',
  'kill-agent': 'SIGKILL to qemu-ga, which is started again at once',
  'freeze-files':
    'the same, and the next qemu-ga holds the file systems for frozen (fsfreeze): it refuses nearly everything',
  reset: '`system_reset`, and the boot that follows',
  crash: "the guest's kernel panics (by an NMI) and stays so; it is reset when the call has ended",
  'kill-qemu': 'SIGKILL to QEMU',
}

/**
 * docs/faults.md.
 *
 * @param simulated - the same on a simulated VM
 */
export function faultsPage(runs: readonly FaultRun[], simulated: FaultTable | undefined): string {
  return [
    '# Faults in the middle of operations',
    '',
    '<!-- Made by npm run faults from test/real/faults; do not edit. -->',
    '',
    'Each operation is made on a real QEMU with a real guest, and something fails before it, as one of its lines leaves, as one',
    'of its answers comes, or after it. When the call has ended the fault is mended, and compared are: what the call reported',
    'with what its wire shows was sent and answered; what it reported with what has changed; what two Domains say from then on',
    "with QEMU's own answer and the guest's own `/sys`. Where QEMU was killed, the next reading and the next change must say so.",
    '',
    'A cell counts how the calls ended: `done`, or with an error whose outcome is `not-sent`, `rejected`, `partial` or',
    '`unknown`; a reading that fails has no outcome. `qemu-died` is an assertion of QEMU itself at a reset under TCG',
    '([wire notes](wire-notes.md)).',
    '',
    '| fault | what happens |',
    '| --- | --- |',
    ...Object.entries(MEANINGS).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`),
    ...runs.flatMap(({ qemuVersion, table }) => [
      '',
      `## QEMU ${qemuVersion}`,
      '',
      `${table.count} faults, none of which left a false answer.`,
      '',
      ...table.rows(),
    ]),
    ...(simulated === undefined ? [] : simulatedSection(simulated)),
    '',
  ].join('\n')
}

function simulatedSection(table: FaultTable): string[] {
  return [
    '',
    '## A simulated VM',
    '',
    'The same in virtual time, at every moment there is: before the call, as each line leaves, as each answer comes, and after the',
    'call. For each of them is compared: the error with what the fault explains (test/support/faults/faults.ts), its outcome with',
    'what was sent and answered, its time with its bounds; nothing is sent twice to the same boot of the guest, unless a rival undid it. When the fault has been',
    'made good, the next reading is true, the same call is done, `changes()` has reported everything, and `close()` leaves nothing.',
    '',
    '| fault | what happens |',
    '| --- | --- |',
    ...FAULTS.map(({ name, meaning }) => `| \`${name}\` | ${meaning} |`),
    '',
    `${table.count} faults, none of which left a false answer.`,
    '',
    ...table.rows(),
  ]
}
