import type { Verb } from '../verb.ts'

/** `qemu-vcpu typegen`: the TypeScript types of a monitor's commands and events. */
export const typegenVerb: Verb = {
  name: 'typegen',
  operands: ['[FILE]'],
  summary: "print TypeScript types of a QEMU's commands and events",
  details: `Reads query-qmp-schema and prints a declaration file (> qmp.d.ts). In a project that
includes it, execute() of qemu-vcpu/qmp knows each command of that QEMU, what it takes
and what it returns, and isSchemaEvent() each event. Nothing is checked against them
at run time. QEMU does not tell the names of its types: each is named for where it is
used. The same schema gives the same text.

With --qga also, or alone, the names of the agent's commands, and whether each is
enabled and answers; what they take and return is not known to the agent. Where the
agent does not answer, QEMU's types are printed all the same.

With --json the replies that the types are made of: from a FILE with that document, or
with a reply as it was sent, typegen makes the types without a VM.`,
  options: {},
  changes: false,
  needsAgent: false,
  connectsItself: true,
  load: () => import('../runs/typegen.ts'),
}
