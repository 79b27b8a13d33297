import { connectionFinding, type Finding } from '../../index.ts'
import { requireOperands } from '../operands.ts'
import { renderFindings } from '../render/findings.ts'
import { plain } from '../render/style.ts'
import type { Verb } from '../verb.ts'

/** `qemu-vcpu doctor`: what stands in the way of hotplug in this VM, and what to do. */
export const doctorVerb: Verb = {
  name: 'doctor',
  operands: [],
  summary: 'say what prevents hotplug in this VM, and what to do',
  details: `Looks at the machine, QEMU's version and accelerator, the agent and the guest, and
changes nothing. Each finding has a name, what was seen and what to do, and says
how much it is in the way:
  blocks  something cannot be plugged, or unplugged, as the VM is now, or QEMU
          would not survive it
  warns   it can, and something may go wrong, unseen, or has gone wrong already
  notes   good to know

Findings are no failure: the exit status is 0 when it could look. A monitor that
cannot be reached is explained too, and the exit status is 3 then.`,
  options: {},
  changes: false,
  needsAgent: false,
  lazyAgent: true,
  explain: (error) => {
    const finding = connectionFinding(error)
    if (finding === undefined) return undefined
    return { json: { findings: [document(finding)] }, text: () => renderFindings([finding], undefined, plain) }
  },
  prepare: ({ operands }) => {
    requireOperands('doctor', operands, [])
    return async ({ domain, call, columns, paint }) => {
      const findings = await domain.doctor(call())
      const isClear = findings.every(({ severity }) => severity === 'notes')
      return {
        json: { findings: findings.map(document) },
        text: () =>
          [
            ...(findings.length === 0 ? [] : [renderFindings(findings, columns, paint)]),
            ...(isClear ? ['nothing stands in the way'] : []),
          ].join('\n\n'),
      }
    }
  },
}

/** Field by field: what scripts parse must not change because the library's objects do. */
function document({ code, severity, summary, evidence, advice }: Finding): object {
  return { code, severity, summary, evidence, advice }
}
