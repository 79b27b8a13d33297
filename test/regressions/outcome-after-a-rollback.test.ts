// An unplug with rollback timed out after the monitor had been lost and was back: the CPU was turned on again in the guest,
// although QEMU still had the request, and the error said `rejected`. A run whose plug QEMU had refused, for another client had
// filled the slot, and which then failed, said `not-sent`. Both seen on a simulated VM. What must end: a request that was
// sent and does not count in the outcome.
import { expect, test } from 'vitest'
import { timedDomain } from '../support/timed-domain.ts'
import { settled, errorOf } from './support.ts'

test('an unplug that is still pending is not undone by turning its CPU on', async () => {
  const { clock, vm, domain } = await timedDomain({ guest: { onUnplug: 'ignore' } })
  const end = settled(
    domain.setVcpuState(1, false, { guest: true, rollback: true, timeoutMs: 10_000, leastConfidence: 'assumed' }),
  )
  await clock.advance(5_000)
  vm.dropMonitor()
  const error = errorOf(await clock.run(end))
  expect(vm.qemu.pendingUnplugs).toHaveLength(1)
  expect(error.outcome).toBe('unknown')
  const cpu = vm.guest.seats.find(({ cpuIndex }) => cpuIndex === 1)
  expect(cpu?.online).toBe(false)
})

test('a run that failed after QEMU had refused its plug', async () => {
  const { clock, vm, domain } = await timedDomain()
  // Another client is faster.
  vm.inject({ at: { command: 'device_add', nth: 1 }, do: 'slow', ms: 1_000 })
  const run = domain.scale(4)
  const end = settled(run)
  await clock.advance(500)
  vm.other.plug(2)
  const killed = async (): Promise<void> => {
    for await (const { type } of run) {
      if (type !== 'done') continue
      vm.kill()
      return
    }
  }
  await clock.run(killed())
  const error = errorOf(await clock.run(end))
  expect(error).toMatchObject({ name: 'ScaleError', outcome: 'unknown' })
})

test('a run that turned a CPU off, which another client then removed', async () => {
  const { clock, vm, domain } = await timedDomain({ guest: { onUnplug: 'ignore' } })
  await clock.run(domain.setVcpuState(5, true, { guest: true }))
  const run = domain.scale(2, {
    guest: true,
    onStep: ({ step }) => {
      // Between the guest's part and QEMU's.
      if (step !== 'offline-in-guest') return
      vm.guest.onUnplug = 'remove'
      vm.other.unplug(5)
      return new Promise<void>((resolve) => {
        clock.after(1_000, resolve)
      })
    },
  })
  const end = settled(run)
  const spoilt = async (): Promise<void> => {
    for await (const { type } of run) {
      if (type !== 'done') continue
      // Before the look that follows.
      vm.inject({ at: { command: 'guest-get-vcpus' }, do: 'error' })
      return
    }
  }
  await clock.run(spoilt())
  const error = errorOf(await clock.run(end))
  expect(error.name).toBe('ScaleError')
  expect(['rejected', 'unknown']).toContain(error.outcome)
})
