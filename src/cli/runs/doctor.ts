import { connectionFinding, type Finding } from '../../index.ts'
import { requireOperands } from '../operands.ts'
import { renderFindings } from '../render/findings.ts'
import { plain } from '../render/style.ts'
import type { VerbCode } from '../verb.ts'

/** What more there is to say of a failure. */
export const explain: VerbCode['explain'] = (error) => {
  const finding = connectionFinding(error)
  if (finding === undefined) return undefined
  return { json: { findings: [document(finding)] }, text: () => renderFindings([finding], undefined, plain) }
}

/** Check what the verb was given, and say what it does then. */
export const prepare: VerbCode['prepare'] = ({ operands }) => {
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
}

/** Field by field: what scripts parse must not change because the library's objects do. */
function document({ code, severity, summary, evidence, advice }: Finding): object {
  return { code, severity, summary, evidence, advice }
}
