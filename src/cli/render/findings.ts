import { foreignText, type Finding, type FindingSeverity } from '../../index.ts'
import type { Ink, Paint } from './style.ts'
import { wrapText } from './wrap.ts'

const INKS: Readonly<Record<FindingSeverity, Ink>> = { blocks: 'alarm', warns: 'yellow', notes: 'bold' }
/** Longest field, in characters. */
const MAX_FIELD = 2_000
const HANGING = ' '.repeat(8)

/** A block for each finding: how bad it is and what it is, what was seen, what to do. */
export function renderFindings(findings: readonly Finding[], columns: number | undefined, paint: Paint): string {
  return findings.map((finding) => renderFinding(finding, columns, paint)).join('\n\n')
}

function renderFinding(finding: Finding, columns: number | undefined, paint: Paint): string {
  const { code, severity, summary, evidence, advice } = finding
  const wrap = (text: string): string => wrapText(text, columns, HANGING)
  // Wrapped before it is painted: escapes have a length and no width.
  const head = wrap(`${severity}: ${foreignText(summary, MAX_FIELD)} (${code})`)
  return [
    paint(INKS[severity], severity) + head.slice(severity.length),
    wrap(`  seen: ${foreignText(evidence, MAX_FIELD)}`),
    wrap(`  do:   ${foreignText(advice, MAX_FIELD)}`),
  ].join('\n')
}
