import type { Verb } from '../verb.ts'

/** `qemu-vcpu schema-diff A [B]`: what differs between the monitors of two QEMUs. */
export const schemaDiffVerb: Verb = {
  name: 'schema-diff',
  operands: ['A', '[B]'],
  summary: 'print what commands and events of one QEMU another has not',
  details: `A and B are addresses of monitors, or files with what typegen --json has printed or
with a reply to query-qmp-schema; without B the monitor at --qmp is compared with A.
One line for each command, event, member, type, enum value and feature (deprecated,
unstable) that B has and A has not, or the other way round. A type that is used at
several places is compared once, at the nearest of them.

Two QEMUs that differ are no failure: the exit status is 0 whenever both could be read,
as it is of 'doctor' with findings. With --json they are one list, empty for none.`,
  options: {},
  changes: false,
  needsAgent: false,
  connectsItself: true,
  load: () => import('../runs/schema-diff.ts'),
}
