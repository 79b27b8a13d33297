// The public API, as it is installed, over a simulated VM with an agent in it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CpuMap, Domain, InputError, RefusedError, VcpuError } from 'qemu-vcpu'
import { CpuMap as SameMap } from 'qemu-vcpu/bitmap'
import { SimulatedVm, VirtualClock } from 'qemu-vcpu/testing'

const machine = { kind: 'x86', bootVcpus: 2, maxcpus: 8 }

test('maps, a plug into the guest, an unplug', async () => {
  const clock = new VirtualClock()
  const vm = new SimulatedVm({ machine, clock })
  const domain = await clock.run(Domain.connect({ qmp: vm.qmp, qga: vm.qga, clock }))
  const text = async (kind) => String(await clock.run(domain.getVcpuMap(kind)))
  assert.deepEqual([await text(), await text('onlinable'), await text('possible')], ['0-1', '2-7', '0-7'])
  assert.equal(await text('agent-online'), '0-1')

  const plugged = await clock.run(domain.setVcpuState(5, true, { guest: true }))
  assert.equal(plugged.outcome, 'done')
  assert.ok(plugged.changed.equals(SameMap.parse('5')))
  assert.ok(plugged.changed instanceof CpuMap)
  assert.deepEqual([await text(), await text('agent-online')], ['0-1,5', '0-2'])

  const unplugged = await clock.run(domain.setVcpuState(5, false))
  assert.equal(String(unplugged.changed), '5')
  assert.deepEqual([await text(), await text('agent-online')], ['0-1', '0-1'])

  await clock.run(domain.close())
  await vm[Symbol.asyncDispose]()
  assert.equal(clock.pending, 0)
})

test('a run of several, with its progress', async () => {
  const clock = new VirtualClock()
  const vm = new SimulatedVm({ machine, clock })
  const domain = await clock.run(Domain.connect({ qmp: vm.qmp, clock }))
  const run = domain.scale(4)
  const seen = []
  const reading = (async () => {
    for await (const { type } of run) seen.push(type)
  })()
  const { online } = await clock.run(Promise.resolve(run))
  await reading
  assert.equal(online, 4)
  assert.deepEqual(seen, ['planned', 'started', 'done', 'started', 'done'])
  await clock.run(domain.close())
  await vm[Symbol.asyncDispose]()
})

test('errors are of the classes that are exported, with code and outcome', async () => {
  const clock = new VirtualClock()
  const vm = new SimulatedVm({ machine, clock, guest: { onUnplug: 'refuse' } })
  const domain = await clock.run(Domain.connect({ qmp: vm.qmp, clock }))
  const failureOf = async (call) =>
    clock.run(call).then(
      () => assert.fail('it resolved'),
      (error) => error,
    )
  const bad = await failureOf(domain.setVcpuState(-1, true))
  assert.ok(bad instanceof InputError && bad instanceof VcpuError)
  assert.deepEqual([bad.name, bad.code, bad.outcome], ['InputError', 'ERR_CPU_ID', 'not-sent'])
  const refused = await failureOf(domain.setVcpuState(0, false))
  assert.ok(refused instanceof RefusedError)
  assert.equal(refused.outcome, 'not-sent')
  const kept = await failureOf(domain.setVcpuState(1, false))
  assert.deepEqual([kept.name, kept.code, kept.outcome], ['GuestRefusedError', 'ERR_GUEST_REFUSED', 'rejected'])
  await clock.run(domain.close())
  await vm[Symbol.asyncDispose]()
})
