import { describe, expect, test } from 'vitest'
import { folderOf } from '../../../scripts/record/recording.ts'
import { recordings } from '../../../scripts/record/recordings.ts'
import { agent, BLOCKED_COMMAND } from '../../../scripts/record/sessions/agent.ts'
import { plugs, refusedUnplug, unplugs } from '../../../scripts/record/sessions/hotplug.ts'
import { refusals, withoutHotplug } from '../../../scripts/record/sessions/refusals.ts'
import { readRecording } from './recordings.ts'
import { replay } from './replay.ts'

const versions = ['7.2', '10.0']
const eight = { possible: '0-7' }
const guestMaps = (online: string, offline: string, offlinable: string, onlinable: string, possible: string) => ({
  ...{ online, offline, offlinable, onlinable, possible },
})

const MILLISECONDS = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal', 'guest', 'guestnice']
const ofCpu = (cpu: number): object => ({
  ...{ type: 'linux', cpu },
  ...Object.fromEntries(MILLISECONDS.map((name) => [name, expect.any(Number) as number])),
})
const cpuStats = [ofCpu(0), ofCpu(1)]

const all = recordings.map((spec) => ({ folder: folderOf(spec), spec }))

test.each(all)(
  '$folder: its session, run again, changes the same things in the same order',
  async ({ folder, spec }) => {
    const { peers } = await replay(readRecording(folder), spec.session)
    for (const [, peer] of peers) expect(peer.leftOverChanges()).toEqual([])
    expect(peers.size).toBe(readRecording(folder).pieces.size)
  },
)

// A Domain looks at a removal as often as it takes; the plain clients ask what they are told to.
const plain = all.filter(({ spec }) => spec.guest === undefined)

test.each(plain)('$folder: and asks the same questions, no more and no fewer', async ({ folder, spec }) => {
  const { peers } = await replay(readRecording(folder), spec.session)
  for (const [, peer] of peers) expect([peer.leftOver(), peer.repeats]).toEqual([[], 0])
})

describe.each(versions)('a Domain on the recordings of QEMU %s', (version) => {
  test('plugs in the middle: all maps after each step, and the ids of the two sides part', async () => {
    const { seen } = await replay(readRecording(`${version}/guest-plugs`), plugs)
    expect(seen.checkpoints).toEqual([
      {
        step: 'at first',
        qemu: { online: '0-1', onlinable: '2-7', offlinable: '1', ...eight },
        guest: guestMaps('0-1', '', '1', '', '0-1'),
      },
      {
        step: 'plug 5',
        qemu: { online: '0-1,5', onlinable: '2-4,6-7', offlinable: '1,5', ...eight },
        guest: guestMaps('0-1', '2', '1', '2', '0-2'),
      },
      {
        step: 'guest 2 on',
        qemu: { online: '0-1,5', onlinable: '2-4,6-7', offlinable: '1,5', ...eight },
        guest: guestMaps('0-2', '', '1-2', '', '0-2'),
      },
      {
        step: 'plug 3',
        qemu: { online: '0-1,3,5', onlinable: '2,4,6-7', offlinable: '1,3,5', ...eight },
        guest: guestMaps('0-2', '3', '1-2', '3', '0-3'),
      },
    ])
    expect(seen.guestIds).toEqual([
      [0, 0, 'exact'],
      [1, 1, 'exact'],
      [3, 3, 'exact'],
      [5, 2, 'exact'],
    ])
  })

  test('unplugs one by its id and one by its path: all maps after each step', async () => {
    const { seen } = await replay(readRecording(`${version}/guest-unplugs`), unplugs)
    expect(seen.checkpoints).toEqual([
      {
        step: 'plug 6',
        qemu: { online: '0-2,6', onlinable: '3-5,7', offlinable: '1-2,6', ...eight },
        guest: guestMaps('0-2', '3', '1-2', '3', '0-3'),
      },
      {
        step: 'unplug 6',
        qemu: { online: '0-2', onlinable: '3-7', offlinable: '1-2', ...eight },
        guest: guestMaps('0-2', '', '1-2', '', '0-2'),
      },
      {
        step: 'unplug 2',
        qemu: { online: '0-1', onlinable: '2-7', offlinable: '1', ...eight },
        guest: guestMaps('0-1', '', '1', '', '0-1'),
      },
    ])
  })

  test('an unplug that the guest refuses is refused, and nothing has changed', async () => {
    const { seen } = await replay(readRecording(`${version}/guest-refuses`), refusedUnplug)
    expect(seen.refusal).toBe('ERR_GUEST_REFUSED')
    const same = {
      qemu: { online: '0-1', onlinable: '2-7', offlinable: '1', ...eight },
      guest: guestMaps('0-1', '', '1', '', '0-1'),
    }
    expect(seen.checkpoints).toEqual([
      { step: 'at first', ...same },
      { step: 'unplug 1', ...same },
    ])
  })

  test('the agent alone: a prefix done, CPU 0 and the blocked command refused, files and load read', async () => {
    const { seen, peers } = await replay(readRecording(`${version}/agent`), agent)
    expect(peers.get('qga')?.leftOver()).toEqual([])
    expect(seen).toEqual({
      version: expect.stringMatching(new RegExp(`^${version.replace('.', '\\.')}\\.`)) as string,
      allowed: {
        'guest-get-vcpus': true,
        'guest-set-vcpus': true,
        'guest-file-open': true,
        [BLOCKED_COMMAND]: false,
      },
      online: [[0, 1], [0], [0, 1]],
      prefix: [1, 77, 'GenericError'],
      refused: {
        'CPU 0 off': 'GenericError',
        'no such command': 'CommandNotFound',
        'a blocked command': 'CommandNotFound',
        'an odd argument': 'GenericError',
      },
      files: {
        present: '0-1',
        online: '0-1',
        possible: '0-7',
        'cpu1/firmware_node/path': '\\_SB_.CPUS.C001',
        'cpu77/online': 'GenericError',
      },
      load: {
        'guest-get-load': version === '7.2' ? 'CommandNotFound' : { load1m: 0, load5m: 0, load15m: 0 },
        'guest-get-cpustats': cpuStats,
        'guest-get-cpustats again': cpuStats,
      },
    })
  })

  test('what QEMU refuses, by the class of its errors', async () => {
    const { seen } = await replay(readRecording(`${version}/refusals`), refusals)
    expect(seen.map(({ command, answer }) => `${command}: ${answer}`)).toEqual([
      'device_add: GenericError',
      'device_add: done',
      'device_add: GenericError',
      'device_add: GenericError',
      'device_add: GenericError',
      'device_add: GenericError',
      'device_del: DeviceNotFound',
      'device_del: GenericError',
      'no-such-command: CommandNotFound',
      'query-cpus-fast: done',
    ])
  })

  test('a machine without hotplug refuses to list its slots, and has vCPUs all the same', async () => {
    const { seen } = await replay(readRecording(`${version}/microvm`), withoutHotplug)
    // QEMU 10.0 plugs the vCPU into a machine that is said not to have hotplug.
    const plug = version === '7.2' ? 'GenericError' : 'done'
    expect(seen.map(({ answer }) => answer)).toEqual(['GenericError', 'done', plug, 'done'])
  })
})
