import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, test } from 'vitest'
import { Domain, VcpuError, WIRE_CHANNEL, type WireTraceEntry } from '../../src/index.ts'
import { SimulatedAgent, SimulatedQemu } from '../../src/testing/index.ts'
import { testClock } from '../support/passing-clock.ts'

const machine = { kind: 'x86', bootVcpus: 2, maxcpus: 8 } as const

// FINDINGS H.4: 200 VMs look alike: trace labels and errors name no VM.
async function failures(domain: Domain): Promise<VcpuError[]> {
  const calls = [
    domain.setVcpuState(0, false),
    domain.setVcpuState(-1, true),
    domain.setGuestVcpuState(99, true),
    domain.scale(99),
    domain.scaleGuest(99),
    domain.plan(99),
    domain.guestCpuToVcpu(-1),
    domain.getVcpuMap('odd' as never),
    domain.applyLayout(undefined as never),
  ]
  const ends = await Promise.allSettled(calls)
  return ends.map((end) => {
    if (end.status === 'rejected' && end.reason instanceof VcpuError) return end.reason
    throw new Error('it should fail')
  })
}

test('every error of a Domain bears its name, also as JSON, and of two Domains each its own', async () => {
  const clock = testClock()
  for (const name of ['vm-a', 'vm-\u001b[31m']) {
    await using qemu = new SimulatedQemu(machine, { clock })
    await using agent = new SimulatedAgent(qemu.guest)
    await using domain = await Domain.connect({ qmp: qemu.connect(), qga: agent.connect(), name, clock })
    for (const error of await failures(domain)) {
      expect(error.vm).toBe(name)
      expect(JSON.parse(JSON.stringify(error))).toMatchObject({ vm: name.replace('\u001b', '\\u{1b}') })
    }
    await domain.close()
    await expect(domain.getVcpuMap()).rejects.toMatchObject({ code: 'ERR_CLOSED', vm: name })
  }
})

test('a Domain that does not come about names itself too', async () => {
  const connecting = Domain.connect({ qmp: '/nonexistent/qmp.sock', name: 'vm-b', clock: testClock() })
  await expect(connecting).rejects.toMatchObject({ code: 'ERR_CONNECT', vm: 'vm-b' })
})

test('each piece of traffic says of which VM it is', async () => {
  const clock = testClock()
  const seen = new Set<string>()
  const onTraffic = (entry: unknown): void => {
    const { vm, label, direction } = entry as WireTraceEntry
    seen.add(`${String(vm)} ${label} ${direction}`)
  }
  subscribe(WIRE_CHANNEL, onTraffic)
  await using qemu = new SimulatedQemu(machine, { clock })
  await using agent = new SimulatedAgent(qemu.guest)
  await using domain = await Domain.connect({ qmp: qemu.connect(), qga: agent.connect(), name: 'vm-a', clock })
  await domain.getVcpuMap('agent-online')
  unsubscribe(WIRE_CHANNEL, onTraffic)
  for (const each of ['vm-a qmp in', 'vm-a qmp out', 'vm-a qga in', 'vm-a qga out']) expect(seen).toContain(each)
})
