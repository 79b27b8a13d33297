import { describeDrift, judgeDrift, type Bounded, type Drift } from './drift.ts'
import type { Sample, SoakResult } from './soak.ts'
import { drawPlot, type PlotLine } from './svg.ts'
import { listed, type Tally } from './tally.ts'

type Figure = Exclude<keyof Sample, 'atMs' | 'operations' | 'falses' | `delay${string}`>

const MINUTE_MS = 60_000
/** Acts and errors that a line a minute has room for. */
const MOST_LISTED = 6

/** What must not grow, and how much of growth is no drift: the resident set keeps what the heap once needed. */
const BOUNDED: readonly (Bounded & { readonly of: Figure })[] = [
  { of: 'rssMib', name: 'RSS', unit: 'MiB', bound: 48 },
  { of: 'heapMib', name: 'heap', unit: 'MiB', bound: 12 },
  { of: 'handles', name: 'handles', unit: '', bound: 12 },
  { of: 'timers', name: 'timers', unit: '', bound: 60 },
  { of: 'listeners', name: 'listeners', unit: '', bound: 60 },
]

/** What the samples say about drift, figure by figure. */
function judgeSamples(samples: readonly Sample[]): readonly Drift[] {
  return BOUNDED.map(({ of, ...bounded }) =>
    judgeDrift(
      bounded,
      samples.map((sample) => ({ x: sample.atMs, y: sample[of] })),
    ),
  )
}

/** One line for a minute. */
export function minuteLine(sample: Sample, before: Sample | undefined, tally: Tally): string {
  const minutes = (sample.atMs / MINUTE_MS).toFixed(1)
  const done = sample.operations - (before?.operations ?? 0)
  return [
    `${minutes} min: ${sample.operations} operations (+${done}), ${sample.falses} false`,
    `refusals ${listed(tally.refusals, MOST_LISTED)}`,
    `RSS ${sample.rssMib.toFixed(0)} MiB, heap ${sample.heapMib.toFixed(1)} MiB`,
    `${sample.handles} handles, ${sample.timers} timers, ${sample.listeners} listeners`,
    `loop p50 ${sample.delayP50.toFixed(1)} p99 ${sample.delayP99.toFixed(1)} max ${sample.delayMax.toFixed(0)} ms`,
  ].join('; ')
}

/** What a run has come to. */
export interface Verdict {
  readonly isGood: boolean
  readonly lines: readonly string[]
}

/** The verdict: good where nothing was false and nothing drifts. */
export function judgeRun({ tally, samples, elapsedMs, isCutShort }: SoakResult): Verdict {
  const drifts = judgeSamples(samples)
  const isDrifting = drifts.some(({ verdict }) => verdict === 'drift')
  const isGood = tally.falses === 0 && !isDrifting
  const rest = tally.falses - tally.texts.length
  const ended = isCutShort ? ', stopped early' : ''
  return {
    isGood,
    lines: [
      ...tally.texts.map((text) => `FALSE: ${text}`),
      ...(rest > 0 ? [`FALSE: ${rest} more`] : []),
      `calls: ${listed(tally.acts)}`,
      `expected rejections: ${listed(tally.refusals)}`,
      `what happened meanwhile: ${listed(tally.happenings)}`,
      ...drifts.map(describeDrift),
      `${isGood ? 'GOOD' : 'BAD'}: ${(elapsedMs / MINUTE_MS).toFixed(1)} min${ended}, ${tally.operations} operations, ` +
        `${tally.falses} false, ${isDrifting ? 'drift' : 'no drift'}`,
    ],
  }
}

/** The run as a picture. */
export function plotRun(title: string, samples: readonly Sample[], notes: readonly string[]): string {
  const line = (name: string, colour: string, of: Exclude<keyof Sample, 'atMs'>): PlotLine => ({
    name,
    colour,
    points: samples.map((sample) => ({ x: sample.atMs / MINUTE_MS, y: sample[of] })),
  })
  return drawPlot({
    title,
    notes,
    xLabel: 'minutes since the run began',
    panels: [
      { title: 'resident memory, MiB', lines: [line('RSS', '#c2410c', 'rssMib')] },
      { title: 'JavaScript heap, MiB', lines: [line('heap', '#1d4ed8', 'heapMib')] },
      {
        title: 'open handles, timers, listeners',
        lines: [
          line('handles', '#047857', 'handles'),
          line('timers', '#a16207', 'timers'),
          line('listeners', '#7e22ce', 'listeners'),
        ],
      },
      {
        title: 'delay of the event loop, ms',
        lines: [
          line('longest', '#9ca3af', 'delayMax'),
          line('99 %', '#c2410c', 'delayP99'),
          line('half', '#1d4ed8', 'delayP50'),
        ],
      },
      { title: 'operations', lines: [line('operations', '#047857', 'operations')] },
    ],
  })
}
