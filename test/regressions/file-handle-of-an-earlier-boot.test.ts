import { expect, test } from 'vitest'
import { ConnectionError, CommandError } from '../../src/index.ts'
import type { QgaExecutor } from '../../src/qga/index.ts'
import { readGuestText } from '../../src/qga/read-file.ts'
import { settled } from '../support/manual-clock.ts'
import { testClock } from '../support/passing-clock.ts'

/** An agent that numbers its files from 1000 in each boot, as qemu-ga does whose state lies in /run. */
class Agent implements QgaExecutor {
  readonly open = new Set<number>()
  isClosingCut = false
  #next = 1_000

  boot(): void {
    this.open.clear()
    this.#next = 1_000
  }

  execute(command: string, args: object = {}): Promise<unknown> {
    const handle: unknown = Reflect.get(args, 'handle')
    if (this.isClosingCut && command === 'guest-file-close')
      return Promise.reject(new ConnectionError('ERR_CONNECTION_LOST', 'cut', { outcome: 'unknown' }))
    if (command === 'guest-file-open') {
      this.open.add(this.#next)
      return Promise.resolve(this.#next++)
    }
    if (typeof handle !== 'number' || !this.open.has(handle)) {
      return Promise.reject(new CommandError(command, 'GenericError', `handle '${String(handle)}' has not been found`))
    }
    if (command === 'guest-file-read') return Promise.resolve({ count: 3, 'buf-b64': btoa('0-1'), eof: true })
    this.open.delete(handle)
    return Promise.resolve({})
  }
}

/** Read a file whose closing is not answered. */
async function readAndLoseTheClose(agent: Agent): Promise<void> {
  agent.isClosingCut = true
  expect(await readGuestText(agent, '/f', { clock: testClock() })).toBe('0-1')
  agent.isClosingCut = false
}

// The file that has the number now is another: it was closed before it was read, and what it says was not known.
test('a file that could not be closed is not closed in the next boot, where its number is that of another', async () => {
  const agent = new Agent()
  await readAndLoseTheClose(agent)
  agent.boot()
  expect(await readGuestText(agent, '/f', { clock: testClock() })).toBe('0-1')
  expect(agent.open.size).toBe(0)
})

test('in the same boot it is', async () => {
  const agent = new Agent()
  await readAndLoseTheClose(agent)
  expect(agent.open.size).toBe(1)
  expect(await readGuestText(agent, '/f', { clock: testClock() })).toBe('0-1')
  await settled()
  expect(agent.open.size).toBe(0)
})
