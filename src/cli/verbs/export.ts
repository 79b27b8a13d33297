import type { Verb } from '../verb.ts'

/** `qemu-vcpu export`: the arguments that make the present vCPUs again, or with `--apply` the vCPUs themselves. */
export const exportVerb: Verb = {
  name: 'export',
  operands: [],
  summary: 'print the -smp and -device arguments that make these vCPUs again',
  details: `For a restart, or for the target of a migration: a QEMU started with these arguments
has the same vCPUs in the same slots with the same device ids. -smp makes the vCPUs
before the first slot that is empty or was plugged later, and each other vCPU is a
-device. Put them after -machine, -cpu and -numa, which are not a part of this.

With --json the same for programs. --apply FILE reads that document (from standard
input for -) and plugs what is missing in the QEMU at --qmp, which may wait for a
migration (-incoming): planned before anything is sent, and refused where the
machines differ or something else is plugged.`,
  options: {
    apply: { type: 'string', value: 'FILE', help: 'plug the vCPUs of FILE, which export --json has written' },
  },
  changes: 'apply',
  needsAgent: false,
  lazyAgent: true,
  load: () => import('../runs/export.ts'),
}
