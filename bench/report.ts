import { arch, availableParallelism, cpus, platform } from 'node:os'
import type { OperationCost } from './cpu-map-cost.ts'
import type { Costs, MapCost } from './map-cost.ts'

/** Where it was measured, for people to judge the numbers by. */
export function placeText(): string {
  const model = cpus()[0]?.model.trim() ?? 'an unknown CPU'
  return `${platform()} on ${arch()}, ${availableParallelism()} CPUs (${model}), Node ${process.versions.node}`
}

/** The tables, as markdown. */
export function reportText(maps: readonly MapCost[], operations: readonly OperationCost[]): string {
  const [first] = maps
  return [
    '# Benchmarks',
    '',
    'Made by `npm run bench`; nothing here is typed by hand. Each time is the lowest of five medians, ' +
      'taken in turns with what it is compared to. Times depend on the machine: read the ratios.',
    '',
    `${new Date().toISOString().slice(0, 10)}, ${placeText()}, QEMU ${first?.qemu ?? '–'}.`,
    '',
    '## All maps of QEMU’s side, from one reading',
    '',
    'The floor is a bare socket that sends the two queries as ready-made bytes and parses nothing: it waits for QEMU. ' +
      '`map` is `Domain.getVcpuMaps()` on a q35 with two vCPUs plugged. The instant peer answers with the same bytes ' +
      'from this process, so that our own cost shows.',
    '',
    ...table(
      ['slots', 'replies', 'floor, QEMU', 'map, QEMU', 'ratio', 'floor, instant', 'map, instant', 'ratio'],
      maps.map(({ slots, replyBytes, real, instant }) => [
        grouped(slots),
        `${(replyBytes / 1024).toFixed(1)} KiB`,
        ...compared(real),
        ...compared(instant),
      ]),
    ),
    '',
    'Where our part of it goes: turning bytes into objects is `JSON.parse`; checking is every field of every slot, from ' +
      '`unknown`; computing is numbering the slots and making the maps.',
    '',
    ...table(
      ['slots', 'JSON.parse', 'checking', 'computing'],
      maps.map(({ slots, parts }) => [grouped(slots), time(parts.parse), time(parts.check), time(parts.compute)]),
    ),
    '',
    '## CpuMap',
    '',
    'On 4,096 ids, against a `Uint32Array` of fixed length that checks nothing and is free to change.',
    '',
    ...table(
      ['operation', 'CpuMap', 'Uint32Array', 'ratio'],
      operations.map(({ operation, cpuMap, words }) => [
        operation,
        time(cpuMap),
        time(words),
        (cpuMap / words).toFixed(2),
      ]),
    ),
    '',
  ].join('\n')
}

function compared({ floor, map }: Costs): string[] {
  return [time(floor), time(map), (map / floor).toFixed(2)]
}

/** Three digits that mean something. */
function time(us: number): string {
  if (us >= 1_000) return `${Number((us / 1_000).toPrecision(3))} ms`
  return us >= 1 ? `${Number(us.toPrecision(3))} µs` : `${Number((us * 1_000).toPrecision(3))} ns`
}

function grouped(count: number): string {
  return count.toLocaleString('en')
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = '---:'
  return [titles, titles.map((_, at) => (at === 0 ? '---' : line)), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
}
