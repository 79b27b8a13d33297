import { arch, availableParallelism, cpus, loadavg, platform } from 'node:os'
import type { Comparison } from '../compare.ts'
import type { Row } from '../row.ts'
import { ratioText, valueText } from './figures.ts'

/** A row, and what it came to. */
export interface Result {
  readonly row: Row
  readonly comparisons: readonly Comparison[]
}

/** One row, as markdown. */
export function sectionText({ row, comparisons }: Result): string {
  return [
    `## ${row.title}`,
    '',
    row.text,
    '',
    ...comparisons.flatMap(tableOf),
    ...(row.spent === undefined ? [] : [row.spent, '']),
    `\`npm run bench -- --row ${row.name}\``,
    '',
  ].join('\n')
}

/** The page, as markdown. */
export function pageText(results: readonly Result[], notes: readonly string[]): string {
  return [
    '# Performance',
    '',
    'Made by `npm run bench -- --write`; no number of a table is typed by hand. The package is measured as it is shipped: packed, and installed beside its peers. ' +
      'All that is compared took turns in the same run. Of each the lowest round counts; in brackets, between what the ratios of half of the rounds lie. ' +
      'Times depend on the machine: read the ratios.',
    '',
    `${new Date().toISOString().slice(0, 10)}, ${placeText()}. ${notes.join(' ')}`,
    '',
    '![What this client takes, and the best of its peers, beside the floor](performance.svg)',
    '',
    ...results.map(sectionText),
  ].join('\n')
}

function tableOf({ title, unit, base, figures }: Comparison): string[] {
  const isAlone = figures.length === 1
  const titles = isAlone ? [title, valueName(unit)] : [title, valueName(unit), `÷ ${base}`]
  const rows = figures.map((figure) => [
    figure.subject,
    valueText(figure.value, unit),
    ...(isAlone ? [] : [ratioText(figure)]),
  ])
  const lines = [titles, titles.map((_, at) => (at === 0 ? '---' : '---:')), ...rows]
  return [...lines.map((cells) => `| ${cells.join(' | ')} |`), '']
}

function valueName(unit: Comparison['unit']): string {
  return { us: 'time', bytes: 'size', count: 'how many' }[unit]
}

function placeText(): string {
  const model = cpus()[0]?.model.trim() ?? 'an unknown CPU'
  const load = loadavg()[0]?.toFixed(1) ?? '?'
  return `${platform()} on ${arch()}, ${availableParallelism()} CPUs (${model}), load ${load}, Node ${process.versions.node}`
}
