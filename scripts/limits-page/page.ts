import {
  COUNTED_FROM_BYTES,
  DOMAIN_LIMITS,
  TURN_BYTES,
  TURNS_BETWEEN_PIECES,
  WIRE_LIMITS,
  type DomainLimitRow,
  type LimitRow,
} from '../../src/wire/limits.ts'

/** The text of docs/limits.md, not yet formatted. Pure. */
export function limitsPage(
  rows: Readonly<Record<string, LimitRow>> = WIRE_LIMITS,
  domainRows: readonly DomainLimitRow[] = DOMAIN_LIMITS,
): string {
  return `# Limits

<!-- Made by npm run pages from src/wire/limits.ts; the rest of the words is in scripts/limits-page/page.ts. -->

Nothing that a peer sends, or does not read, costs memory, time or the event loop without end. The agent runs in the guest, whose owner
may be hostile: its defaults are what honest agents need. QEMU's monitor has more room.

\`Domain.connect({ qmp, qga, limits: { qmp: { … }, qga: { … } } })\` sets them for a VM, \`limits: { … }\` of \`QmpClient.connect\` and
\`QgaClient.connect\` for one connection. Each is an integer in its range: anything else, and a name that is not in the table, is
\`ERR_LIMIT\` before anything is opened. They hold for connections that are made here; an executor of the caller's own has its
own. The command has the defaults.

| limit | meaning | monitor | agent | range | beyond it |
| --- | --- | --- | --- | --- | --- |
${Object.entries(rows).map(wireRow).join('\n')}

\`maxMessageBytes\` of the two clients is an older spelling of \`messageBytes\`.

| of the domain | meaning | default | option | beyond it |
| --- | --- | --- | --- | --- |
${domainRows.map(domainRow).join('\n')}

## What a message may cost

\`JSON.parse\` of hostile text takes up to fifty times as long, and makes up to thirty times as much memory, as its bytes suggest: ten million
brackets are ten megabytes of text, a second and more, and 300 MB of memory. So depth, values, member names and the length of strings are counted in the
bytes, before \`JSON.parse\`, up to the first excess; counting costs a nanosecond a byte.

- Messages below ${amount(COUNTED_FROM_BYTES.qga, 'bytes')} of the agent, and below ${amount(COUNTED_FROM_BYTES.qmp, 'bytes')} of the monitor, are not counted: their bytes alone bound the cost, and
  what is large and honest (1.6 MB of \`query-hotpluggable-cpus\`) costs what \`JSON.parse\` costs. A caller that sets one of the four limits has it
  counted in every message.
- A message that is refused ends the one call that it answers: the oldest in flight, or (monitor) the one whose id stands at its end. The agent's next command
  syncs first. An event that is refused is dropped.
- All connections of a process together read ${amount(TURN_BYTES, 'bytes')} of messages in one turn of the event loop, and the message with which that is
  passed. Whatever else has come waits for the next turns, in the order of arrival, so that large replies of several VMs take turns and other work of
  the process runs in between. A message of an agent that is longer than that is read a piece at a time, and then counted,
  decoded, and given to its call: each in a turn of its own, with ${TURNS_BETWEEN_PIECES} turns in between, which are those of the other VMs.

${measured()}
`
}

/** Figures of one machine, taken by hand: no test asserts them. Read the ratios. */
function measured(): string {
  return `## What it came to

Taken on two cores of an AMD EPYC with Node 20; how long one turn of the event loop took.

| one reply of the agent | before there were limits | with the defaults |
| --- | --- | --- |
| 10 MiB of \`{},\` | 0.8 s and 320 MiB | refused after its first 4 MiB: about 10 ms |
| 10 MiB of nested \`[\` | 1 to 2.4 s | refused after its first 4 MiB: about 10 ms |
| 10 MiB of objects with 20 names each, all different | 1.4 s and 220 MiB | refused after its first 4 MiB: about 10 ms |
| 4 MiB of any of these | 0.15 to 0.5 s and 90 to 160 MiB | counted, and refused: about 10 ms |
| 4 MiB of digits, or of escapes in strings of 1 MiB | 5 ms | counted and read: about 17 ms |
| the most expensive one that was found within the limits | – | 43 ms of CPU and 33 MiB |
| \`guest-get-vcpus\` of 65,536 vCPUs | 9 ms | 14 to 22 ms |

A flood of 1 GiB of lines that answer nothing, with \`junkBytes\` raised so that it goes on: the monitor of the same domain answered some thousand maps
meanwhile, and the process grew by 45 to 75 MiB. With the defaults the flood ends after 8 MiB, and a line without end after 4 MiB.

One guest of 200 that answers every question with the longest list, and is asked without a pause: a map of the others took 1.1 times as long, and the
loop was held up for 40 ms at most, on a machine about half as fast as that of the table (\`docs/performance.md\` of the repository).`
}

function wireRow([name, row]: readonly [string, LimitRow]): string {
  const { meaning, unit, qmp, qga, min, max, passed } = row
  const values = [qmp, qga].map((value) => (value === undefined ? '–' : amount(value, unit)))
  return `| \`${name}\` | ${meaning} | ${values.join(' | ')} | ${amount(min, unit)} to ${amount(max, unit)} | ${passed} |`
}

function domainRow({ name, meaning, unit, usual, passed, option }: DomainLimitRow): string {
  const how = option === undefined ? 'fixed' : `\`${option}\``
  return `| ${name} | ${meaning} | ${amount(usual, unit)} | ${how} | ${passed} |`
}

/** A number as people read it: bytes in KiB and MiB where they are whole ones, times in seconds where they are whole ones. */
function amount(value: number, unit: string): string {
  const grouped = (number: number): string => number.toLocaleString('en-US')
  if (unit === 'bytes') {
    if (value % 1_048_576 === 0) return `${grouped(value / 1_048_576)} MiB`
    if (value % 1_024 === 0) return `${grouped(value / 1_024)} KiB`
    return `${grouped(value)} byte${value === 1 ? '' : 's'}`
  }
  if (unit === 'ms') return value % 1_000 === 0 ? `${grouped(value / 1_000)} s` : `${grouped(value)} ms`
  return unit === 'count' ? grouped(value) : `${grouped(value)} ${unit}`
}
