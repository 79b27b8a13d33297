import { KNOWN } from './known.ts'
import { NORMALISED } from './normalise.ts'
import { agent } from './sequences/agent.ts'
import { guest } from './sequences/guest.ts'
import { otherMachines } from './sequences/other-machines.ts'
import { protocol } from './sequences/protocol.ts'
import { x86 } from './sequences/x86.ts'

/** docs/simulation.md: what is compared, how, and what stays different. It follows from the lists alone. */
export function simulationPage(): string {
  const groups = [protocol, ...x86, ...otherMachines('10.0')]
  const rows = [
    ...groups.map(({ name, machine, sequences }) => [name, machine.name, sequences.length] as const),
    ['a booted guest', 'q35, Linux 6.1', guest.length] as const,
    ['the agent', 'q35, Linux 6.1', agent.length] as const,
  ]
  const total = rows.reduce((sum, [, , count]) => sum + count, 0)
  return [
    '# The simulation against the real thing',
    '',
    '<!-- Made by npm run test:matrix from test/matrix/differential; do not edit. -->',
    '',
    `\`SimulatedVm\` (\`qemu-vcpu/testing\`) is QEMU 10.0 or 11 as its version says. ${total} sequences are sent to a real QEMU`,
    'of each version and to the simulation of it, and their answers compared member by member, error texts included. A',
    'difference that is not in the second table fails the test, and so does an entry of it that no longer shows.',
    '',
    '| sequences | machine | number |',
    '| --- | --- | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    '## What stays different',
    '',
    '| what | in | because |',
    '| --- | --- | --- |',
    ...KNOWN.map(
      ({ what, sequences, reason }) => `| ${what} | ${sequences.map((name) => `_${name}_`).join(', ')} | ${reason} |`,
    ),
    '',
    '## What is compared in another way',
    '',
    '| what | how |',
    '| --- | --- |',
    ...NORMALISED.map(({ what, how }) => `| ${what} | ${how} |`),
    '',
  ].join('\n')
}
