import { expect, test } from 'vitest'
import { until, vm } from '../support/simulated-vm.ts'

/** A simulated VM whose monitor and agent can be dialled again when a connection was dropped, until `end` kills it. */
async function vmThatIsDialled() {
  let isThere = true
  const made = await vm({}, { blocked: ['guest-file-open'] }, ({ qemu, agent }) => ({
    qmp: () => (isThere ? qemu.connect() : Promise.reject(new Error('there is no such socket'))),
    qga: () => agent.connect(),
  }))
  const end = () => {
    isThere = false
    made.qemu.kill()
  }
  return { ...made, end }
}

test('an unplug survives that the monitor drops us: the watch connects again and reads the truth', async () => {
  const { qemu, domain } = await vmThatIsDialled()
  qemu.guest.onUnplug = 'ignore'
  const call = domain.setVcpuState(1, false)
  await until(() => qemu.pendingUnplugs.length === 1)
  qemu.dropClient()
  // It goes while nobody listens.
  qemu.completePendingUnplug()
  expect(String((await call).changed)).toBe('1')
  // And what is heard from now on is heard again.
  qemu.guest.onUnplug = 'refuse'
  await domain.setVcpuState(5, true)
  await expect(domain.setVcpuState(5, false)).rejects.toMatchObject({ code: 'ERR_GUEST_REFUSED' })
})

test('dropped in the middle of a look, and again at the next: still watched; gone for good: unknown', async () => {
  const { qemu, domain, end } = await vmThatIsDialled()
  qemu.guest.onUnplug = 'ignore'
  let drops = 0
  qemu.onCommand('query-cpus-fast', (_, usual) => {
    if (qemu.pendingUnplugs.length > 0 && drops++ === 0) qemu.dropClient()
    return usual()
  })
  const call = domain.setVcpuState(1, false)
  await until(() => drops > 1)
  expect(String(domain.pendingRemovals())).toBe('1')
  end()
  await expect(call).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', outcome: 'unknown' })
  await expect(domain.getVcpuMap()).rejects.toMatchObject({ code: 'ERR_CONNECT' })
})

test('what was observed in the guest is not believed after a gap in which it may have been reset', async () => {
  const { qemu, domain } = await vmThatIsDialled()
  await domain.setVcpuState(5, true, { guest: true })
  await domain.setVcpuState(6, true, { guest: true })
  expect((await domain.vcpus())[5]?.guest?.confidence).toBe('observed')
  const commands = qemu.commands.length
  qemu.dropClient()
  await until(async () => (await domain.vcpus())[5]?.guest?.confidence !== 'observed')
  expect(qemu.commands.slice(commands).map(({ command }) => command)).toContain('qmp_capabilities')
})
