// From 3 plugged vCPUs scale(6) and scale(2) ran at once: both were "done", with 6 and with 2, and 5 were plugged; another
// client's unplug in the middle of scale(5) was not noticed either. Seen on a simulated QEMU. What must end: a result that
// is counted from a plan that was made before, and not read from the machine.
import { expect, test } from 'vitest'
import { CpuMap } from '../../src/index.ts'
import { begin, connectShared, connectSimulated, ended } from './support.ts'

test('what two runs at once say was so', async () => {
  const { qemu, domain } = await connectSimulated({ machine: { bootVcpus: 3 } })
  const seen: number[] = []
  qemu.onCommand('query-cpus-fast', (_, usual) => {
    seen.push(qemu.pluggedVcpus.length)
    return usual()
  })
  const order: number[] = []
  const runs = [domain.scale(6), domain.scale(2)].map(async (run, index) => {
    const end = await ended(run)
    order.push(index)
    return end
  })
  const ends = await Promise.all(runs)
  for (const end of ends) {
    expect(end.state).not.toBe('pending')
    if (end.state === 'done') expect(seen).toContain(end.value.online)
    else if (end.state === 'failed') expect(end.error).toMatchObject({ name: 'ScaleError' })
  }
  const last = ends[order.at(-1) ?? 0]
  if (last?.state === 'done') expect(last.value.online).toBe(qemu.pluggedVcpus.length)
})

test.each([
  ['unplugs', 4, 1],
  ['plugs', 2, 7],
] as const)('another client %s one in the middle', async (what, bootVcpus, id) => {
  const { qemu, domain, other } = await connectShared({ machine: { bootVcpus } })
  const unhook = qemu.onCommand('device_add', (_, usual) => {
    unhook()
    begin(what === 'plugs' ? other.plug(id) : other.unplug(id))
    return usual()
  })
  const target = bootVcpus + 3
  const end = await ended(domain.scale(target))
  // It happened in time to be seen.
  expect(
    qemu.commands.filter(({ command }) => command === (what === 'plugs' ? 'device_add' : 'device_del')),
  ).not.toEqual([])
  if (what === 'plugs') expect(qemu.pluggedVcpus).toContain(id)
  if (end.state === 'done') expect([end.value.online, qemu.pluggedVcpus.length]).toEqual([target, target])
  else expect(end).toMatchObject({ state: 'failed', error: { name: 'ScaleError' } })
})

test('another client unplugs in the middle of a map what the map plugs', async () => {
  const { qemu, domain, other } = await connectShared({ machine: { bootVcpus: 4 } })
  const unhook = qemu.onCommand('device_add', (_, usual) => {
    unhook()
    begin(other.unplug(3))
    return usual()
  })
  const end = await ended(domain.setVcpuStates(CpuMap.parse('3-6'), true))
  if (end.state === 'done') expect(qemu.pluggedVcpus.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6])
  else expect(end).toMatchObject({ state: 'failed', error: { name: 'ScaleError' } })
})
