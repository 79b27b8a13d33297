// Replies of a real QEMU as TypeScript, so that a compiler holds them against the generated types.

/** A reply to a command that takes no arguments. */
export interface Reply {
  readonly command: string
  readonly value: unknown
}

/** Every reply, which the type of its command has to accept. */
export function acceptedModule(replies: readonly Reply[]): string {
  const lines = replies.map(
    ({ command, value }, at) => `export const r${at} = ${JSON.stringify(value)} satisfies ${returnOf(command)}`,
  )
  return `${IMPORT}${lines.join('\n')}\n`
}

/**
 * The same replies with one member of another type each: the compiler has to refuse every one, or it reports the
 * `@ts-expect-error` as unused.
 *
 * @param isAny - can the member of that command's reply be anything?
 */
export function refusedModule(
  replies: readonly Reply[],
  isAny: (command: string, member: string) => boolean,
): { readonly text: string; readonly count: number } {
  const lines = replies.flatMap(({ command, value }) =>
    wrongOnes(value, (member) => isAny(command, member)).map(
      (wrong) => `${JSON.stringify(wrong)} satisfies ${returnOf(command)}`,
    ),
  )
  const text = lines.map((line, at) => `// @ts-expect-error another type\nexport const w${at} = ${line}\n`).join('')
  return { text: `${IMPORT}${text}`, count: lines.length }
}

const IMPORT = "import type { QmpSchemaReturn } from 'qemu-vcpu/qmp'\n\n"
const returnOf = (command: string): string => `QmpSchemaReturn<'${command}'>`

/** The value with each of its members wrong in turn; of an array its first element; itself where it has no members. */
function wrongOnes(value: unknown, isAny: (member: string) => boolean): readonly unknown[] {
  if (Array.isArray(value)) {
    const [first] = value as readonly unknown[]
    return first === undefined ? [otherThan(value)] : wrongOnes(first, isAny).map((wrong) => [wrong])
  }
  if (typeof value !== 'object' || value === null) return [otherThan(value)]
  const members = Object.entries(value).filter(([name]) => !isAny(name))
  if (members.length === 0) return [otherThan(value)]
  return members.map(([name, member]) => ({ ...value, [name]: otherThan(member) }))
}

/** A value of another type. */
function otherThan(value: unknown): unknown {
  return typeof value === 'string' || typeof value === 'object' ? 4711 : 'another type'
}
