import { expect, test } from 'vitest'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain, TimeoutError } from '../../src/index.ts'
import { boot } from './support/boot.ts'
import { eventually } from './support/eventually.ts'
import { allMaps } from './support/maps.ts'
import { expectDeathByPlug } from './support/oldest-qemu.ts'

test('QEMU 7.2: a vCPU plugged in the middle and turned on; every map, and the translation', async () => {
  await using guest = await boot({ qemuVersion: '7.2' })
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  await domain.setVcpuState(5, true)
  await eventually('the guest lists CPU 2', async () => (await domain.getVcpuMap('agent-possible')).has(2))
  await domain.setGuestVcpuState(2, true)
  expect(await allMaps(domain)).toEqual({
    online: '0-1,5',
    onlinable: '2-4,6-7',
    offlinable: '1,5',
    possible: '0-7',
    'agent-online': '0-2',
    'agent-offline': '',
    'agent-offlinable': '1-2',
    'agent-onlinable': '',
    'agent-possible': '0-2',
  })
  expect((await domain.vcpus())[5]?.guest).toMatchObject({ id: 2, confidence: 'exact' })
})

// Turning a CPU off under multi-threaded TCG wedges a guest on 7.2 now and then, for good (docs/wire-notes.md). Then the
// unplug must say that nobody knows, and QEMU's side must still answer.
test('QEMU 7.2: an unplug is done, or its result is unknown; the maps say which', async () => {
  await using guest = await boot({ qemuVersion: '7.2' })
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath })
  await domain.setVcpuState(5, true)
  const ended = await domain.setVcpuState(5, false, { timeoutMs: 15_000 }).catch((error: unknown) => error)
  if (ended instanceof Error) {
    expect(ended).toBeInstanceOf(TimeoutError)
    expect(ended).toMatchObject({ outcome: 'unknown' })
    expect(String(domain.pendingRemovals())).toBe('5')
  } else {
    expect(String(await domain.getVcpuMap())).toBe('0-1')
  }
})

test('QEMU 7.2 under TCG dies of plugs after an unplug: told as the connection’s end, at once', expectDeathByPlug)
