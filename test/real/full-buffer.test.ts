import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { CommandError, Domain, LimitError, QmpClient, VcpuError } from '../../src/index.ts'
import { trueIndexes } from '../oracle/vcpus.ts'
import { start } from './support/boot.ts'
import { stopProcess } from './support/stop-process.ts'

/** A fence against a hang: nothing here may run out of time while QEMU is stopped. */
const LONG = { timeoutMs: 240_000 } as const
const UNSENT_BYTES = 65_536
/** More commands than any kernel's buffer takes, of the size below. */
const MOST_COMMANDS = 100_000
const NOWHERE = { path: `/${'x'.repeat(4_000)}`, property: 'type' }
const FULL = { name: 'LimitError', code: 'ERR_TOO_MUCH_UNSENT', outcome: 'not-sent' } as const

/** How each of the commands that fill the buffer has ended, so far. */
interface Fill {
  readonly commands: Promise<unknown>[]
  /** Ends of each of them; more than one of any would be wrong. */
  readonly ends: string[][]
}

/** Send commands that QEMU refuses, until one is refused here. */
async function fill(client: QmpClient): Promise<Fill> {
  const commands: Promise<unknown>[] = []
  const ends: string[][] = []
  while (ends.at(-1)?.[0] !== 'ERR_TOO_MUCH_UNSENT') {
    expect(commands.length).toBeLessThan(MOST_COMMANDS)
    const end: string[] = []
    const command = client.execute('qom-get', NOWHERE, LONG).catch((error: unknown) => {
      end.push(error instanceof VcpuError ? error.code : String(error))
      throw error
    })
    command.catch(() => undefined)
    commands.push(command)
    ends.push(end)
    // What is written in a turn leaves together, as far as the kernel takes it.
    await turn()
  }
  return { commands, ends }
}

test('QEMU does not read: what the kernel does not take is refused here, and all else is answered once when QEMU goes on', async () => {
  await using machine = await start('x86_64', { smp: '2,maxcpus=8' })
  const left: string[] = []
  await using client = await QmpClient.connect(machine.qmpPath, {
    limits: { unsentBytes: UNSENT_BYTES },
    trace: ({ direction, bytes }) => {
      if (direction === 'out') left.push(...(/device_add|device_del/.exec(Buffer.from(bytes).toString()) ?? []))
    },
  })
  await using domain = await Domain.connect({ qmp: client })
  const changes = domain.changes()
  const sharing = await Domain.connect({ qmp: client })
  // Once it has asked what kind of machine this is, a reading sends all that it needs at once.
  await domain.getVcpuMap('online', LONG)
  await stopProcess(machine.pid)

  // This one is under way before the buffer is full.
  const first = domain.getVcpuMap('online', LONG)
  first.catch(() => undefined)
  const { commands, ends } = await fill(client)
  expect(ends.map((end) => end.join()).filter((end) => end !== '')).toEqual(['ERR_TOO_MUCH_UNSENT'])

  // Each call that would send something says that it did not; none has to run out of time for that.
  await expect(domain.setVcpuState(5, true, LONG)).rejects.toMatchObject(FULL)
  await expect(domain.getVcpuMap('online', LONG)).rejects.toMatchObject(FULL)
  await expect(domain.scale(4, LONG)).rejects.toMatchObject(FULL)
  await expect(sharing.setVcpuState(1, false, LONG)).rejects.toMatchObject(FULL)
  expect(left).toEqual([])
  expect(domain.state).toBe('connected')
  expect(client.state).toBe('ready')
  // A call that need not send anything is not hurt.
  await sharing.close()

  process.kill(machine.pid, 'SIGCONT')
  const settled = await Promise.allSettled(commands)
  expect(String(await first)).toBe('0-1')
  const reasons = settled.map((one): unknown => (one.status === 'rejected' ? one.reason : undefined))
  expect(reasons.at(-1)).toBeInstanceOf(LimitError)
  expect(reasons.slice(0, -1).every((reason) => reason instanceof CommandError)).toBe(true)
  expect(ends.every(({ length }) => length === 1)).toBe(true)

  expect(String((await domain.setVcpuState(5, true, LONG)).changed)).toBe('5')
  expect(left).toEqual(['device_add'])
  expect(await trueIndexes(machine)).toEqual([0, 1, 5])
  expect((await changes.next()).value).toMatchObject({ type: 'plugged' })
})
