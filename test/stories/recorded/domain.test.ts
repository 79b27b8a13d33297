import { describe, expect, test } from 'vitest'
import { Domain, type VcpuMaps } from '../../../src/index.ts'
import { readRecording, recordedFolders } from './recordings.ts'
import { replay } from './replay.ts'

/** `online`, `onlinable`, `offlinable`, `possible`, as each machine was started. */
type FourMaps = readonly [online: string, onlinable: string, offlinable: string, possible: string]

const machines: Readonly<Record<string, FourMaps>> = {
  flat: ['0-1', '2-7', '1', '0-7'],
  pc: ['0-1', '2-7', '1', '0-7'],
  'sockets-cores-threads': ['0', '1-11', '', '0-11'],
  dies: ['0', '1-7', '', '0-7'],
  modules: ['0', '1-7', '', '0-7'],
  'numa-swapped': ['0-1', '2-5', '1', '0-5'],
  // -device put vCPUs into (socket 2, core 1) and (socket 0, core 1).
  'cold-plugged': ['0-1,5', '2-4,6-7', '1,5', '0-7'],
  full: ['0-3', '', '1-3', '0-3'],
  'slots-255': ['0', '1-254', '', '0-254'],
  pseries: ['0', '1-5', '', '0-5'],
  'pseries-4-threads': ['0-3', '4-15', '', '0-15'],
  'pseries-8-threads': ['0-7', '8-31', '', '0-31'],
  s390x: ['0-1', '2-5', '', '0-5'],
  's390x-books-drawers': ['0-1', '2-15', '', '0-15'],
  microvm: ['0-1', '', '', '0-1'],
}

const folders = recordedFolders().filter((folder) => Object.hasOwn(machines, nameOf(folder)))

test('each of these machines was recorded', () => {
  expect(new Set(folders.map(nameOf))).toEqual(new Set(Object.keys(machines)))
})

describe.each(folders)('%s', (folder) => {
  test('its maps as it was started', async () => {
    expect(await mapsAt(folder, nameOf(folder) === 'microvm' ? 'ask' : 'before')).toEqual(machines[nameOf(folder)])
  })
})

describe.each(folders.filter((folder) => !['full', 'microvm'].includes(nameOf(folder))))('%s, filled', (folder) => {
  test('all that was possible is online', async () => {
    const [online, onlinable, , possible] = await mapsAt(folder, 'full')
    expect([online, onlinable, possible]).toEqual([machines[nameOf(folder)]?.[3], '', machines[nameOf(folder)]?.[3]])
  })
})

async function mapsAt(folder: string, moment: string): Promise<FourMaps> {
  const { seen } = await replay(readRecording(folder), async ({ qmp, clock, step }) => {
    step('connect')
    await using domain = await Domain.connect({ qmp, clock })
    step(moment)
    return await domain.getVcpuMaps()
  })
  return texts(seen)
}

function texts({ online, onlinable, offlinable, possible }: VcpuMaps): FourMaps {
  return [String(online), String(onlinable), String(offlinable), String(possible)]
}

function nameOf(folder: string): string {
  return folder.slice(folder.indexOf('/') + 1)
}
