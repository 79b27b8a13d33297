import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GuestOptions, KernelVersion } from '../../packages/guest-kit/src/index.ts'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { CpuMap } from '../../src/index.ts'
import { eventually } from '../real/support/eventually.ts'
import { Session, type Pairing } from './sessions/session.ts'
import { wordsOfQemu } from './sessions/words.ts'

const pairings: readonly Pairing[] = [
  { qemu: '10.0', kernel: '6.1' },
  { qemu: '11', kernel: '6.1' },
  { qemu: '10.0', kernel: '6.12' },
  { qemu: '11', kernel: '6.12' },
  { qemu: '10.0', kernel: '7' },
  { qemu: '11', kernel: '7' },
]

const COLD = 'socket-id=0,core-id=9,thread-id=0,id=cold9'

/** Which CPU of the guest vCPUs 5 and 4 become, plugged in that order into a guest that booted with 0, 1 and 9. */
interface Numbering {
  readonly five: number
  readonly four: number
}

/** Up to 6.8 the next free id, each time; from 6.9 on those absent at boot have theirs from then, ascending. */
function numbering(kernel: KernelVersion): Numbering {
  return kernel === '6.1' ? { five: 3, four: 4 } : { five: 6, four: 5 }
}

function ids(...numbers: readonly number[]): string {
  return String(CpuMap.from(numbers))
}

/** From 6.9 on under TCG, a guest takes slots when it takes the machine for VMware. */
function machineFor(kernel: KernelVersion): Partial<GuestOptions> & { readonly row?: string } {
  if (kernel === '6.1') return { extraArgs: ['-device', `qemu64-x86_64-cpu,${COLD}`] }
  return {
    row: 'q35, as VMware',
    machine: 'q35,vmport=on',
    cpu: 'max,-hypervisor',
    extraArgs: ['-smbios', 'type=1,serial=VMware-42', '-device', `max-x86_64-cpu,${COLD}`],
  }
}

// One guest, one story: each test goes on from the state that the one before it left.
describe.each(pairings)('q35 on QEMU $qemu, kernel $kernel', (pairing) => {
  const { five, four } = numbering(pairing.kernel)
  let session: Session

  beforeAll(async () => {
    session = await Session.begin('x86_64', pairing, { smp: '2,maxcpus=16', ...machineFor(pairing.kernel) })
  })

  afterAll(() => session.end())

  test('two vCPUs of -smp and one of -device', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('map', 'core session', async () => {
      await session.expectState({
        maps: {
          online: '0-1,9',
          onlinable: '2-8,10-15',
          offlinable: '1,9',
          possible: '0-15',
          'agent-online': '0-2',
          'agent-offline': '',
          'agent-offlinable': '1-2',
          'agent-onlinable': '',
          'agent-possible': '0-2',
        },
        guestIds: { 0: 0, 1: 1, 9: 2 },
      })
      expect((await session.domain.vcpus())[9]).toMatchObject({
        deviceId: 'cold9',
        qomPath: '/machine/peripheral/cold9',
      })
      return { verdict: 'yes' }
    })
  })

  test('a plug in the middle arrives offline', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('plug', 'in the middle', async () => {
      expect(String((await session.domain.setVcpuState(5, true)).changed)).toBe('5')
      await eventually(`the guest lists CPU ${five}`, async () =>
        (await session.domain.getVcpuMap('agent-possible')).has(five),
      )
      await session.expectState({
        maps: {
          online: '0-1,5,9',
          onlinable: '2-4,6-8,10-15',
          offlinable: '1,5,9',
          possible: '0-15',
          'agent-online': '0-2',
          'agent-offline': ids(five),
          'agent-offlinable': '1-2',
          'agent-onlinable': ids(five),
          'agent-possible': ids(0, 1, 2, five),
        },
        guestIds: { 0: 0, 1: 1, 5: five, 9: 2 },
      })
      return { verdict: 'yes' }
    })
  })

  test('a plug carried through into the guest', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('plug', 'carried through into the guest', async () => {
      const { guest, steps } = await session.domain.setVcpuState(4, true, { guest: true })
      expect([String(guest?.ids), String(guest?.changed)]).toEqual([ids(four), ids(four)])
      expect(steps.map(({ step }) => step)).toEqual([
        'device_add',
        'slot-filled',
        'guest-acknowledged',
        'listed-in-guest',
        'online-in-guest',
      ])
      await session.expectState({
        maps: {
          online: '0-1,4-5,9',
          onlinable: '2-3,6-8,10-15',
          offlinable: '1,4-5,9',
          possible: '0-15',
          'agent-online': ids(0, 1, 2, four),
          'agent-offline': ids(five),
          'agent-offlinable': ids(1, 2, four),
          'agent-onlinable': ids(five),
          'agent-possible': ids(0, 1, 2, five, four),
        },
        guestIds: { 0: 0, 1: 1, 4: four, 5: five, 9: 2 },
      })
      return { verdict: 'yes' }
    })
  })

  test('the guest turns a CPU on and off, by its own id', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('agent', 'on and off', async () => {
      expect(String((await session.domain.setGuestVcpuState(five, true)).changed)).toBe(ids(five))
      expect((await session.domain.vcpus())[5]?.guest).toMatchObject({ id: five, online: true })
      expect(String((await session.domain.setGuestVcpuState(four, false)).changed)).toBe(ids(four))
      await session.expectState({
        maps: {
          online: '0-1,4-5,9',
          onlinable: '2-3,6-8,10-15',
          offlinable: '1,4-5,9',
          possible: '0-15',
          'agent-online': ids(0, 1, 2, five),
          'agent-offline': ids(four),
          'agent-offlinable': ids(1, 2, five),
          'agent-onlinable': ids(four),
          'agent-possible': ids(0, 1, 2, five, four),
        },
        guestIds: { 0: 0, 1: 1, 4: four, 5: five, 9: 2 },
      })
      return { verdict: 'yes' }
    })
  })

  test('the translation, in both directions', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('translation', 'core session', async () => {
      expect((await session.domain.guestCpuToVcpu(five))?.id).toBe(5)
      expect((await session.domain.guestCpuToVcpu(2))?.id).toBe(9)
      expect(await session.domain.guestCpuToVcpu(7)).toBeNull()
      return { verdict: 'yes' }
    })
  })

  test('an unplug carried through, of a CPU that the guest runs', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('unplug', 'carried through into the guest', async () => {
      const { changed, guest } = await session.domain.setVcpuState(5, false, { guest: true })
      expect([String(changed), String(guest?.ids), String(guest?.changed)]).toEqual(['5', ids(five), ids(five)])
      await session.expectState({
        maps: {
          online: '0-1,4,9',
          onlinable: '2-3,5-8,10-15',
          offlinable: '1,4,9',
          possible: '0-15',
          'agent-online': '0-2',
          'agent-offline': ids(four),
          'agent-offlinable': '1-2',
          'agent-onlinable': ids(four),
          'agent-possible': ids(0, 1, 2, four),
        },
        guestIds: { 0: 0, 1: 1, 4: four, 9: 2 },
      })
      return { verdict: 'yes' }
    })
  })

  test('vCPUs that QEMU began with go too: by their id, and by their QOM path', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('unplug', 'of -device, by its id', async () => {
      expect(await session.domain.setVcpuState(9, false)).toMatchObject({ deviceId: 'cold9' })
      return { verdict: 'yes' }
    })
    await session.cell('unplug', 'of -smp, by its QOM path', async () => {
      expect(await session.domain.setVcpuState(1, false)).toMatchObject({ deviceId: null })
      await session.expectState({
        maps: {
          online: '0,4',
          onlinable: '1-3,5-15',
          offlinable: '4',
          possible: '0-15',
          'agent-online': '0',
          'agent-offline': ids(four),
          'agent-offlinable': '',
          'agent-onlinable': ids(four),
          'agent-possible': ids(0, four),
        },
        guestIds: { 0: 0, 4: four },
      })
      return { verdict: 'yes' }
    })
  })

  test('the boot CPU stays: nothing is sent, and QEMU would refuse', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('unplug', 'of the boot CPU', async () => {
      await expect(session.domain.setVcpuState(0, false)).rejects.toMatchObject({
        code: 'ERR_NOT_OFFLINABLE',
        outcome: 'not-sent',
      })
      const id = (await session.domain.vcpus())[0]?.qomPath
      const message = await wordsOfQemu(session, 'device_del', { id })
      expect(message).toBe('Boot CPU is unpluggable')
      return { verdict: 'refused-by-qemu', message }
    })
  })

  test('a slot filled again', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('plug', 'of a slot that was emptied before', async () => {
      const { guest } = await session.domain.setVcpuState(5, true, { guest: true })
      expect(String(guest?.ids)).toBe(ids(five))
      await session.domain.setVcpuState(5, false, { guest: true })
      return { verdict: 'yes' }
    })
  })

  test('a reset numbers them from the start', async () => {
    showConsoleOnFailure(session.guest)
    await session.domain.setVcpuState(2, true, { guest: true })
    expect((await session.domain.guestCpuToVcpu(four))?.id).toBe(4)
    await session.guest.reset()
    await session.cell('translation', 'after a reset', async () => {
      await session.expectState({
        maps: {
          online: '0,2,4',
          onlinable: '1,3,5-15',
          offlinable: '2,4',
          possible: '0-15',
          'agent-online': '0-2',
          'agent-offline': '',
          'agent-offlinable': '1-2',
          'agent-onlinable': '',
          'agent-possible': '0-2',
        },
        guestIds: { 0: 0, 2: 1, 4: 2 },
      })
      return { verdict: 'yes' }
    })
  })
})
