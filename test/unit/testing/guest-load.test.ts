import { describe, expect, test } from 'vitest'
import { QgaClient } from '../../../src/qga/index.ts'
import { SimulatedVm, type SimulatedAgentOptions } from '../../../src/testing/index.ts'
import { testClock } from '../../support/passing-clock.ts'
import { own } from '../../../src/wire/message.ts'
import { readRecording } from '../../stories/recorded/recordings.ts'
import { exchangesOf, messagesOf } from '../../stories/recorded/script.ts'

async function start(agent: SimulatedAgentOptions = {}) {
  const clock = testClock()
  const timing = { agent: [0, 0] } as const
  const vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 4 }, clock, timing, agent })
  const client = await QgaClient.connect(vm.qga, { clock })
  /** Of each CPU: its id, and how long it was busy and idle. */
  const times = async (): Promise<unknown> => {
    const stats = (await client.execute('guest-get-cpustats')) as Readonly<Record<string, unknown>>[]
    return stats.map(({ cpu, user, idle }) => [cpu, user, idle])
  }
  const switchCpu1 = (online: boolean): Promise<unknown> =>
    client.execute('guest-set-vcpus', { vcpus: [{ 'logical-id': 1, online }] })
  return { clock, vm, client, times, switchCpu1 }
}

test('the load that was set is what the averages say', async () => {
  const { vm, client } = await start()
  expect(await client.execute('guest-get-load')).toEqual({ load1m: 0, load5m: 0, load15m: 0 })
  vm.guest.load = 3.25
  expect(await client.execute('guest-get-load')).toEqual({ load1m: 3.25, load5m: 3.25, load15m: 3.25 })
})

test('the CPUs that run share the work, and none is more than busy', async () => {
  const { clock, vm, times, switchCpu1 } = await start()
  vm.guest.load = 0.5
  await clock.sleep(1_000)
  expect(await times()).toEqual([
    [0, 250, 750],
    [1, 250, 750],
  ])
  await switchCpu1(false)
  await clock.sleep(1_000)
  // One that is off is not listed, and goes on where it was.
  expect(await times()).toEqual([[0, 750, 1_250]])
  await switchCpu1(true)
  vm.guest.load = 7
  await clock.sleep(1_000)
  expect(await times()).toEqual([
    [0, 1_750, 1_250],
    [1, 1_250, 750],
  ])
})

test('another boot counts from its beginning', async () => {
  const { clock, vm, client } = await start()
  vm.guest.load = 2
  await clock.sleep(60_000)
  vm.reset()
  await clock.until(() => vm.truth().isUp)
  const stats = (await client.execute('guest-get-cpustats')) as Readonly<Record<string, unknown>>[]
  expect(stats).toHaveLength(2)
  for (const { user } of stats) expect(user).toBeLessThan(10_000)
})

test('the next QEMU has the load that was set', async () => {
  const { clock, vm, client } = await start()
  vm.guest.load = 2
  await client.close()
  vm.restart({ downMs: 1_000 })
  await clock.sleep(10_000)
  await using next = await QgaClient.connect(vm.qga, { clock })
  expect(await next.execute('guest-get-load')).toMatchObject({ load1m: 2 })
})

describe('as the recorded agents', () => {
  const replies = (version: string): ReadonlyMap<string, Readonly<Record<string, unknown>>> => {
    const exchanges = exchangesOf(messagesOf(readRecording(`${version}/agent`).pieces.get('qga') ?? []))
    return new Map(exchanges.map(({ command, reply }) => [command, reply.value]))
  }

  test('10.0 answers both with these members', async () => {
    const { client } = await start()
    const recorded = replies('10.0')
    for (const command of ['guest-get-load', 'guest-get-cpustats']) {
      const simulated = [await client.execute(command)].flat().map((entry) => Object.keys(entry as object).sort())
      const real = [own(recorded.get(command) ?? {}, 'return')]
        .flat()
        .map((entry) => Object.keys(entry as object).sort())
      expect(simulated).toEqual(real)
    }
  })

  test('7.2 does not know the first', async () => {
    const { client } = await start({ version: '7.2.22' })
    expect(replies('7.2').get('guest-get-load')).toMatchObject({ error: { class: 'CommandNotFound' } })
    await expect(client.execute('guest-get-load')).rejects.toMatchObject({ errorClass: 'CommandNotFound' })
    expect(await client.execute('guest-get-cpustats')).toHaveLength(2)
    const older = await start({ version: '7.0.0' })
    await expect(older.client.execute('guest-get-cpustats')).rejects.toMatchObject({ errorClass: 'CommandNotFound' })
  })
})
