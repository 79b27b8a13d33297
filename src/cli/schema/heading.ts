/** What a generated file begins with, and ends its header with `export {}`, so that it is a module in any case. */
const QMP_NOTES = `// Types that the schema has no name for are named for the nearest place at which they are used. Integers are numbers, as
// JSON.parse makes them: above 2^53 they are rounded. Replies and events are not checked against these types.
`
const QGA_NOTES = `// guest-info names the agent's commands, and says whether each is enabled and answers. What a command takes and returns is not
// known to it, and so not here.
`

/**
 * The text of a `.d.ts` file.
 *
 * @param qmp - that of `qmpDeclaration`; `undefined` without a monitor
 * @param qga - that of `qgaDeclaration`; `undefined` without an agent
 */
export function declarationFile(qmp: string | undefined, qga: string | undefined): string {
  const from = [...(qmp === undefined ? [] : ['query-qmp-schema']), ...(qga === undefined ? [] : ['guest-info'])]
  return [
    `/* eslint-disable -- generated: it is made again, not mended */\n// Made by qemu-vcpu typegen from ${from.join(' and ')}; do not edit.\n`,
    qmp === undefined ? '' : QMP_NOTES,
    qga === undefined ? '' : QGA_NOTES,
    '\nexport {}\n',
    ...[qmp, qga].flatMap((part) => (part === undefined ? [] : [`\n${part}`])),
  ].join('')
}
