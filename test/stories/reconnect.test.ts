import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Domain } from '../../src/index.ts'
import { SimulatedAgent, SimulatedQemu } from '../../src/testing/index.ts'

/** A simulated VM on real sockets, so that a connection that was dropped can be made again. */
async function vmOnSockets(): Promise<{ qemu: SimulatedQemu; domain: Domain }> {
  const folder = await mkdtemp(join(tmpdir(), 'vcpu-'))
  const qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8 })
  const agent = new SimulatedAgent(qemu.guest, { blocked: ['guest-file-open'] })
  const [qmp, qga] = [join(folder, 'qmp.sock'), join(folder, 'qga.sock')]
  await qemu.listen(qmp)
  await agent.listen(qga)
  const domain = await Domain.connect({ qmp, qga })
  onTestFinished(async () => {
    await domain.close()
    await qemu[Symbol.asyncDispose]()
    await agent[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })
  return { qemu, domain }
}

test('an unplug survives that the monitor drops us: the watch connects again and reads the truth', async () => {
  const { qemu, domain } = await vmOnSockets()
  qemu.guest.onUnplug = 'ignore'
  const call = domain.setVcpuState(1, false)
  await expect.poll(() => qemu.pendingUnplugs).toHaveLength(1)
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
  const { qemu, domain } = await vmOnSockets()
  qemu.guest.onUnplug = 'ignore'
  let drops = 0
  qemu.onCommand('query-cpus-fast', (_, usual) => {
    if (qemu.pendingUnplugs.length > 0 && drops++ === 0) qemu.dropClient()
    return usual()
  })
  const call = domain.setVcpuState(1, false)
  await expect.poll(() => drops).toBeGreaterThan(1)
  expect(String(domain.pendingRemovals())).toBe('1')
  qemu.kill()
  await expect(call).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', outcome: 'unknown' })
  await expect(domain.getVcpuMap()).rejects.toMatchObject({ code: 'ERR_CONNECT' })
})

test('what was observed in the guest is not believed after a gap in which it may have been reset', async () => {
  const { qemu, domain } = await vmOnSockets()
  await domain.setVcpuState(5, true, { guest: true })
  await domain.setVcpuState(6, true, { guest: true })
  expect((await domain.vcpus())[5]?.guest?.confidence).toBe('observed')
  const commands = qemu.commands.length
  qemu.dropClient()
  await expect.poll(async () => (await domain.vcpus())[5]?.guest?.confidence ?? 'none').not.toBe('observed')
  expect(qemu.commands.slice(commands).map(({ command }) => command)).toContain('qmp_capabilities')
})
