// Linux lists a plugged CPU before it links it with its ACPI device: for a moment the guest has a CPU for each vCPU, and the
// new one's file is not there yet. A plug with `guest` took that for the end of what the guest could tell, and rejected with
// ERR_UNSURE and the CPU plugged. Seen on QEMU 11, kernel 6.12, with udev turning the CPU on in the same moment.
// What must end: "not yet" taken for "never".
import { expect, onTestFinished, test } from 'vitest'
import { Domain } from '../../src/index.ts'
import { Refusal, SimulatedVm, VirtualClock } from '../../src/testing/index.ts'

/** A guest whose CPU 2 says which vCPU it is only when it has been asked `times` times. */
async function connect(times: number) {
  const clock = new VirtualClock()
  const vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 }, clock })
  let asked = 0
  vm.agent?.onCommand('guest-file-open', ({ path }, usual) => {
    if (String(path).includes('/cpu2/') && ++asked <= times) throw new Refusal(`failed to open file '${String(path)}'`)
    return usual()
  })
  const domain = await clock.run(Domain.connect({ qmp: vm.qmp, qga: vm.qga, clock }))
  onTestFinished(async () => {
    await clock.run(domain.close())
    await clock.run(vm[Symbol.asyncDispose]())
  })
  return { clock, vm, domain, run: <T>(promise: PromiseLike<T>) => clock.run(Promise.resolve(promise)) }
}

test('a plug waits until the CPU says which it is', async () => {
  const { domain, run } = await connect(2)
  const change = await run(domain.setVcpuState(5, true, { guest: true }))
  expect([String(change.changed), String(change.guest?.changed)]).toEqual(['5', '2'])
})

test('also where another client has plugged it a moment ago', async () => {
  const { vm, domain, run } = await connect(2)
  vm.other.plug(5)
  const change = await run(domain.setVcpuState(5, true, { guest: true }))
  expect([String(change.changed), String(change.guest?.changed)]).toEqual(['', '2'])
})

test.each([false, true])(
  'one that never says it is not waited for to the end (plugged before: %s)',
  async (isPlugged) => {
    const { clock, vm, domain, run } = await connect(Infinity)
    if (isPlugged) {
      vm.other.plug(5)
      await clock.advance(5_000)
    }
    const beganAtMs = clock.now()
    const ended = run(domain.setVcpuState(5, true, { guest: true, timeoutMs: 30_000 }))
    await expect(ended).rejects.toMatchObject({ code: 'ERR_UNSURE' })
    expect(clock.now() - beganAtMs).toBeLessThan(6_000)
  },
)
