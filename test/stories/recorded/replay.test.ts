import { expect, test } from 'vitest'
import { Domain, QmpClient } from '../../../src/index.ts'
import { testClock } from '../../support/passing-clock.ts'
import { readRecording } from './recordings.ts'
import { replay } from './replay.ts'

const flat = readRecording('10.0/flat')
const plugs = readRecording('10.0/guest-plugs')

test('a command that was not recorded is the failure of the replay, whatever the client makes of it', async () => {
  await expect(
    replay(flat, async ({ qmp, step }) => {
      step('connect')
      await using client = await QmpClient.connect(qmp, { clock: testClock() })
      await client.execute('query-status').catch(() => undefined)
      await client.execute('query-version')
    }),
  ).rejects.toThrow(`10.0/flat qmp, step 'connect': nobody had asked {"execute":"query-status"}`)
})

test('a change out of turn, or with other arguments, is none that was recorded', async () => {
  const added = [...flat.pieces.values()].flat().find(({ bytes }) => Buffer.from(bytes).includes('device_add'))
  const first = JSON.parse(Buffer.from(added?.bytes ?? []).toString()) as {
    readonly arguments: { readonly id: string }
  }
  const add = (changes: Record<string, unknown>) =>
    replay(flat, async ({ qmp, step }) => {
      step('connect')
      await using client = await QmpClient.connect(qmp, { clock: testClock() })
      step('fill')
      await client.execute('device_add', { driver: 'none', ...first.arguments, ...changes })
      return 'plugged'
    })
  expect((await add({})).seen).toBe('plugged')
  await expect(add({ id: 'fill-1' })).rejects.toThrow('nobody had asked')
  await expect(add({ 'thread-id': 1 })).rejects.toThrow('nobody had asked')
  await expect(add({ more: null })).rejects.toThrow('nobody had asked')
})

test('a question is answered again as it was; what is not asked is left over', async () => {
  const { seen, peers } = await replay(flat, async ({ qmp, step }) => {
    step('connect')
    await using client = await QmpClient.connect(qmp, { clock: testClock() })
    step('before')
    return [await client.execute('query-cpus-fast'), await client.execute('query-cpus-fast')] as const
  })
  expect(seen[0]).toHaveLength(2)
  expect(seen[1]).toEqual(seen[0])
  expect(peers.get('qmp')?.repeats).toBe(1)
  expect(peers.get('qmp')?.leftOver().slice(0, 3)).toEqual([
    'before: query-version',
    'before: query-hotpluggable-cpus',
    'fill: device_add',
  ])
  expect(peers.get('qmp')?.leftOverChanges()).toHaveLength(6)
})

test('another vCPU than the recorded one cannot be plugged', async () => {
  await expect(
    replay(plugs, async ({ qmp, qga, clock, step }) => {
      step('connect')
      await using domain = await Domain.connect({ qmp, qga, clock })
      step('plug 5')
      await domain.setVcpuState(6, true)
    }),
  ).rejects.toThrow(/step 'plug 5': nobody had asked .*"core-id":6/)
})
