import { expect, test } from 'vitest'
import { grow } from '../../examples/grow.ts'
import { countFreeSlots } from '../../examples/own-monitor.ts'
import { plugPinned } from '../../examples/pin.ts'
import { growAndWatch } from '../../examples/shared-monitor.ts'
import { through } from '../../examples/ssh.ts'
import { unplug } from '../../examples/unplug.ts'
import { Domain } from '../../src/index.ts'
import { QmpClient } from '../../src/qmp/index.ts'
// Loaded with the first client of a multiplexer otherwise, which takes real time.
import '../../src/qmp/multiplexer-hub.ts'
import { SimulatedAgent, SimulatedQemu, SimulatedVm, type SlotTruth } from '../../src/testing/index.ts'
import { testClock } from '../support/passing-clock.ts'
import { startVmOnSockets } from '../unit/cli/cli-vm.ts'

test('a lent monitor stays the daemon’s', async () => {
  await using qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8 })
  await using monitor = await QmpClient.connect(qemu.connect(), { clock: testClock() })
  expect(await countFreeSlots(monitor)).toBe(6)
  expect(monitor.state).toBe('ready')
})

test('a shared monitor serves two parts of a program', async () => {
  const clock = testClock()
  await using vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 }, clock })
  expect(await growAndWatch(vm.qmp, 5, { clock })).toBe('running, 3 vCPUs')
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

test('the guest runs nothing on a new vCPU until its thread was placed', async () => {
  const clock = testClock()
  await using vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 }, clock })
  const slot5 = (): SlotTruth | undefined => vm.truth().slots[5]
  const placed: unknown[] = []
  const place = async (hostThreadId: number): Promise<void> => {
    // A guest that does not wait has all the time it wants.
    await new Promise<void>((resolve) => clock.after(10_000, resolve))
    placed.push([hostThreadId, slot5()?.vcpus[0]?.guest?.online])
  }
  const { hostThreadId, guest } = await plugPinned({ qmp: vm.qmp, qga: vm.qga, clock }, 5, place)
  expect(placed).toEqual([[hostThreadId, false]])
  expect(hostThreadId).toBe(slot5()?.vcpus[0]?.threadId)
  expect(String(guest?.changed)).toBe('2')
  expect(slot5()?.vcpus[0]?.guest?.online).toBe(true)
})

test('every thread of a core is placed, and a core that cannot be placed is unplugged again', async () => {
  const clock = testClock()
  await using vm = new SimulatedVm({ machine: { kind: 'pseries', threads: 4 }, clock })
  const options = { qmp: vm.qmp, qga: vm.qga, clock }
  const placed: number[] = []
  const place = (hostThreadId: number): Promise<void> => {
    placed.push(hostThreadId)
    return Promise.resolve()
  }
  const { changed, hostThreadIds } = await plugPinned(options, 5, place)
  expect(String(changed)).toBe('4-7')
  expect(placed).toEqual(hostThreadIds)

  await using other = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 }, clock })
  const refused = plugPinned({ qmp: other.qmp, qga: other.qga, clock }, 5, () =>
    Promise.reject(new Error('no such CPU')),
  )
  await expect(refused).rejects.toMatchObject({ code: 'ERR_EXECUTOR', outcome: 'rejected' })
  expect(other.truth().slots[5]?.device).toBeUndefined()
})

/** What `socat - UNIX-CONNECT:PATH` does. */
const RELAY = `const socket = require('net').connect(process.argv[1])
process.stdin.pipe(socket).pipe(process.stdout)`

test('a monitor through a program', async () => {
  await using vm = await startVmOnSockets()
  const program = [process.execPath, '--eval', RELAY, vm.qmp[1]]
  const bounds = { timeoutMs: 60_000 }
  await using domain = await Domain.connect({ ...bounds, qmp: through(program) })
  expect(String(await domain.getVcpuMap('online', bounds))).toBe('0-1')
})

test('why a program has ended is said', async () => {
  const program = [process.execPath, '--eval', "console.error('Permission denied (publickey).'); process.exit(255)"]
  await expect(Domain.connect({ timeoutMs: 60_000, qmp: through(program) })).rejects.toMatchObject({
    name: 'ConnectionError',
    message: expect.stringContaining('ended with 255: Permission denied (publickey).') as string,
  })
  await expect(Domain.connect({ timeoutMs: 60_000, qmp: through(['/nonexistent/ssh']) })).rejects.toMatchObject({
    name: 'ConnectionError',
    message: expect.stringContaining('ENOENT') as string,
  })
})
