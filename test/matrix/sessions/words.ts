import { KitError } from '../../../packages/guest-kit/src/index.ts'
import type { Session } from './session.ts'

/**
 * What QEMU itself says to a command, asked on the kit's own monitor.
 *
 * @throws an error when it takes the command
 */
export async function wordsOfQemu({ guest }: Session, command: string, args: object): Promise<string> {
  const refusal = await guest.query(command, { ...args }).catch((error: unknown) => error)
  if (!(refusal instanceof KitError)) throw new Error(`QEMU took ${command} ${JSON.stringify(args)}`)
  const description = /"desc":"((?:[^"\\]|\\.)*)"/.exec(refusal.message)?.[1]
  if (description === undefined) throw refusal
  return JSON.parse(`"${description}"`) as string
}

/** The last line of the guest's kernel log that holds `words`, without its time. */
export async function wordsOfKernel({ guest }: Session, words: string): Promise<string> {
  const { stdout } = await guest.shell('dmesg')
  const line = stdout.split('\n').findLast((candidate) => candidate.includes(words))
  if (line === undefined) throw new Error(`the guest's kernel never said '${words}': ${stdout.slice(-2_000)}`)
  return line.replace(/^(?:<\d+>)?\[ *\d+\.\d+\] /, '')
}
