// A run with rollback, whose step undid itself and did not hear what became of that: the error said `partial` and that the
// vCPU is plugged, although its unplug had been sent and was still pending. Seen on a simulated VM. What must end: an undoing
// that was sent and is left out of the account.
import { expect, test } from 'vitest'
import { timedDomain } from '../support/timed-domain.ts'
import { settled, errorOf, inDoubtOf } from './support.ts'

test('the step of a run undoes its plug, and the guest does not answer', async () => {
  const { clock, vm, domain } = await timedDomain({ guest: { autoOnline: true, onUnplug: 'ignore' } })
  const run = settled(
    domain.scale(3, {
      guest: true,
      rollback: true,
      timeoutMs: 6_000,
      onStep: ({ step }) => {
        // The guest takes the vCPU and runs it, and cannot say so.
        if (step === 'slot-filled') vm.stopAgent()
      },
    }),
  )
  clock.after(8_000, () => {
    vm.contAgent()
  })
  const error = errorOf(await clock.run(run))
  expect(vm.qemu.pendingUnplugs).toHaveLength(1)
  expect(error).toMatchObject({ name: 'ScaleError', outcome: 'unknown' })
  expect(inDoubtOf(error)).toBe('2')
})
