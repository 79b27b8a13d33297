// A plug with `guest` and `rollback` whose caller's onStep rejected at `slot-filled` (a thread that could not be pinned) left the
// vCPU plugged, and an unplug that was ended at `offline-in-guest` left the CPU turned off: both `partial`, and the error called
// it the executor's. Seen on a simulated VM. What must end: a step of the guest's part at which a failure leaves another state
// than it found.
import { expect, test } from 'vitest'
import type { ChangeStepName } from '../../src/index.ts'
import { timedDomain } from '../support/timed-domain.ts'
import { errorOf, settled } from './support.ts'

const FAILURE = new Error('no such CPU')
const rejects = (): Promise<void> => Promise.reject(FAILURE)
const throws = (): void => {
  throw FAILURE
}

test.each<[ChangeStepName, boolean, () => void | Promise<void>]>([
  ['slot-filled', true, rejects],
  ['slot-filled', true, throws],
  ['guest-acknowledged', true, rejects],
  ['listed-in-guest', true, rejects],
  ['online-in-guest', true, rejects],
  ['offline-in-guest', false, rejects],
  ['offline-in-guest', false, throws],
])('at %s of a change to %s, onStep %o', async (step, online, fail) => {
  const { clock, vm, domain } = await timedDomain()
  const states = () => vm.truth().slots.map(({ device, vcpus }) => [device, vcpus[0]?.guest?.online ?? false])
  const before = states()
  const change = domain.setVcpuState(online ? 5 : 1, online, {
    guest: true,
    rollback: true,
    onStep: (done) => (done.step === step ? fail() : undefined),
  })
  const error = errorOf(await clock.run(settled(change)))
  expect(states()).toEqual(before)
  expect(error).toMatchObject({ name: 'GuestChangeError', code: 'ERR_EXECUTOR', outcome: 'rejected' })
  expect(error.message).toContain(`onStep at ${step} failed: "no such CPU"`)
  expect(error.cause).toMatchObject({ name: 'ExecutorError', cause: FAILURE })
})

test.each<[ChangeStepName, boolean, string]>([
  ['slot-filled', true, 'partial'],
  ['offline-in-guest', false, 'partial'],
])('without rollback, at %s of a change to %s: it stays, and the error says so', async (step, online, outcome) => {
  const { clock, domain } = await timedDomain()
  const change = domain.setVcpuState(online ? 5 : 1, online, {
    guest: true,
    onStep: (done) => (done.step === step ? rejects() : undefined),
  })
  const error = errorOf(await clock.run(settled(change)))
  expect(error).toMatchObject({ name: 'GuestChangeError', code: 'ERR_EXECUTOR', outcome })
  expect(error.message).toMatch(/stays (plugged in QEMU|turned off)/)
})
