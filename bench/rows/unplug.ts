import { bootGuest, ensureGuestImage, resolveQemu } from '../../packages/guest-kit/src/index.ts'
import { counted } from '../compare.ts'
import type { Row } from '../row.ts'

/** How soon the end of an unplug is known. */
export const unplug: Row = {
  name: 'unplug',
  title: 'Unplugging',
  text:
    'A booted Linux, vCPUs unplugged one after the other: the time from QEMU’s own event that the device has gone, as another monitor has it, to the ' +
    'moment at which the call resolves; and from the call to that. Below 0: the call’s own monitor had it first.',
  spent:
    'After the event the call looks at the slots once more, with both queries sent together: QEMU’s own list without the vCPU is what it takes for the end, and not the event. Nothing else is waited for.',
  run: async (setup) => {
    const qemu = await resolveQemu('11', 'x86_64', console.error)
    const image = await ensureGuestImage({ arch: 'x86_64', kernel: '6.1' }, console.error)
    await using guest = await bootGuest({ qemu, image, smp: '1,maxcpus=8' })
    await using domain = await setup.installed.library.Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
    const after: number[] = []
    const whole: number[] = []
    for (let id = 1; id <= setup.calls(7); id++) {
      await domain.setVcpuState(id, true, { guest: true })
      let goneAt = Number.NaN
      const unsubscribe = guest.subscribe(({ event }) => {
        if (event === 'DEVICE_DELETED') goneAt = performance.now()
      })
      const start = performance.now()
      await domain.setVcpuState(id, false)
      const end = performance.now()
      await guest.query('query-status')
      unsubscribe()
      after.push((end - goneAt) * 1_000)
      whole.push((end - start) * 1_000)
    }
    return [
      counted('from the event to the call’s end, median', 'us', { 'qemu-vcpu': medianOf(after) }),
      counted('the whole call, median', 'us', { 'qemu-vcpu': medianOf(whole) }),
    ]
  },
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >>> 1] ?? Number.NaN
}
