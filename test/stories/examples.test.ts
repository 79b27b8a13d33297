import { expect, test } from 'vitest'
import { grow } from '../../examples/grow.ts'
import { countFreeSlots } from '../../examples/own-monitor.ts'
import { unplug } from '../../examples/unplug.ts'
import { QmpClient } from '../../src/qmp/index.ts'
import { SimulatedAgent, SimulatedQemu } from '../../src/testing/index.ts'
import { testClock } from '../support/passing-clock.ts'

test('a lent monitor stays the daemon’s', async () => {
  await using qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8 })
  await using monitor = await QmpClient.connect(qemu.connect(), { clock: testClock() })
  expect(await countFreeSlots(monitor)).toBe(6)
  expect(monitor.state).toBe('ready')
})

test('growing says what became of each, and where it stopped', async () => {
  const clock = testClock()
  await using qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8 }, { clock })
  await using agent = new SimulatedAgent(qemu.guest)
  const lines: string[] = []
  const say = (line: string): void => {
    lines.push(line)
  }
  await grow({ qmp: qemu.connect(), qga: agent.connect(), clock }, 2, say)
  expect(lines).toEqual(['vCPU 2 runs: lowest free slot', 'vCPU 3 runs: lowest free slot'])
  qemu.guest.onPlug = 'refuse'
  await grow({ qmp: qemu.connect(), qga: agent.connect(), clock }, 1, say)
  expect(lines.at(-1)).toMatch(/^stopped at vCPU 4; plugged so far: 4\. /)
})

test('each way in which an unplug ends', async () => {
  const clock = testClock()
  await using qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8 }, { clock })
  expect(await unplug({ qmp: qemu.connect(), clock }, 0, 1_000)).toBe('not even asked: ERR_NOT_OFFLINABLE')
  qemu.guest.onUnplug = 'refuse'
  expect(await unplug({ qmp: qemu.connect(), clock }, 1, 10_000)).toContain('the guest said no')
  qemu.guest.onUnplug = 'ignore'
  expect(await unplug({ qmp: qemu.connect(), clock }, 1, 50)).toBe('nobody knows yet; look again later')
  qemu.guest.onUnplug = 'remove'
  qemu.completePendingUnplug()
  expect(await unplug({ qmp: qemu.connect(), clock }, 1, 10_000)).toBe('was not plugged')
})
