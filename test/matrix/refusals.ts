import { expect } from 'vitest'
import type { Machine } from '../../packages/guest-kit/src/index.ts'
import type { DomainOptions } from '../../src/index.ts'
import { trueIndexes } from '../oracle/vcpus.ts'

/** Everything that a domain sent to a monitor. */
export class Sent {
  #text = ''

  /** For {@link DomainOptions}. */
  readonly trace: NonNullable<DomainOptions['trace']> = ({ direction, bytes }) => {
    if (direction === 'out') this.#text += Buffer.from(bytes).toString('utf8')
  }

  /** The names of the commands, in order. */
  get commands(): readonly string[] {
    return [...this.#text.matchAll(/"execute":"([\w-]+)"/g)].map(([, name]) => name ?? '')
  }
}

/** The error of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<Error> {
  const ended = await call.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (ended instanceof Error) return ended
  throw new Error('what should have been refused was done')
}

/** The change was refused before a word of it was sent, and QEMU has the vCPUs that it had. */
export async function expectUntouched(machine: Machine, sent: Sent, plugged: readonly number[]): Promise<void> {
  expect(sent.commands).toContain('query-hotpluggable-cpus')
  expect(sent.commands.filter((command) => command.startsWith('device_'))).toEqual([])
  expect(await trueIndexes(machine)).toEqual(plugged)
}

/** QEMU's own words, asked without the package: the kit says `QEMU refused: {"class":…,"desc":…}`. */
export async function ownWords(query: Promise<unknown>): Promise<string> {
  const { message } = await failureOf(query)
  const { desc } = JSON.parse(message.slice(message.indexOf('{'))) as { readonly desc: string }
  return desc
}
