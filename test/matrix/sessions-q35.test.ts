import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { eventually } from '../real/support/eventually.ts'
import { Session, type Pairing } from './sessions/session.ts'
import { wordsOfKernel, wordsOfQemu } from './sessions/words.ts'

const pairings: readonly Pairing[] = [
  { qemu: '10.0', kernel: '6.1' },
  { qemu: '11', kernel: '6.1' },
]

const COLD = ['-device', 'qemu64-x86_64-cpu,socket-id=0,core-id=9,thread-id=0,id=cold9']

// One guest, one story: each test goes on from the state that the one before it left.
describe.each(pairings)('q35 on QEMU $qemu, kernel $kernel', (pairing) => {
  let session: Session

  beforeAll(async () => {
    session = await Session.begin('x86_64', pairing, { smp: '2,maxcpus=16', extraArgs: COLD })
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
      await eventually('the guest lists CPU 3', async () => (await session.domain.getVcpuMap('agent-possible')).has(3))
      await session.expectState({
        maps: {
          online: '0-1,5,9',
          onlinable: '2-4,6-8,10-15',
          offlinable: '1,5,9',
          possible: '0-15',
          'agent-online': '0-2',
          'agent-offline': '3',
          'agent-offlinable': '1-2',
          'agent-onlinable': '3',
          'agent-possible': '0-3',
        },
        guestIds: { 0: 0, 1: 1, 5: 3, 9: 2 },
      })
      return { verdict: 'yes' }
    })
  })

  test('a plug carried through into the guest', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('plug', 'carried through into the guest', async () => {
      const { guest, steps } = await session.domain.setVcpuState(4, true, { guest: true })
      expect([String(guest?.ids), String(guest?.changed)]).toEqual(['4', '4'])
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
          'agent-online': '0-2,4',
          'agent-offline': '3',
          'agent-offlinable': '1-2,4',
          'agent-onlinable': '3',
          'agent-possible': '0-4',
        },
        guestIds: { 0: 0, 1: 1, 4: 4, 5: 3, 9: 2 },
      })
      return { verdict: 'yes' }
    })
  })

  test('the guest turns a CPU on and off, by its own id', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('agent', 'on and off', async () => {
      expect(String((await session.domain.setGuestVcpuState(3, true)).changed)).toBe('3')
      expect((await session.domain.vcpus())[5]?.guest).toMatchObject({ id: 3, online: true })
      expect(String((await session.domain.setGuestVcpuState(4, false)).changed)).toBe('4')
      await session.expectState({
        maps: {
          online: '0-1,4-5,9',
          onlinable: '2-3,6-8,10-15',
          offlinable: '1,4-5,9',
          possible: '0-15',
          'agent-online': '0-3',
          'agent-offline': '4',
          'agent-offlinable': '1-3',
          'agent-onlinable': '4',
          'agent-possible': '0-4',
        },
        guestIds: { 0: 0, 1: 1, 4: 4, 5: 3, 9: 2 },
      })
      return { verdict: 'yes' }
    })
  })

  test('the translation, in both directions', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('translation', 'core session', async () => {
      expect((await session.domain.guestCpuToVcpu(3))?.id).toBe(5)
      expect((await session.domain.guestCpuToVcpu(2))?.id).toBe(9)
      expect(await session.domain.guestCpuToVcpu(5)).toBeNull()
      return { verdict: 'yes' }
    })
  })

  test('an unplug carried through, of a CPU that the guest runs', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('unplug', 'carried through into the guest', async () => {
      const { changed, guest } = await session.domain.setVcpuState(5, false, { guest: true })
      expect([String(changed), String(guest?.ids), String(guest?.changed)]).toEqual(['5', '3', '3'])
      await session.expectState({
        maps: {
          online: '0-1,4,9',
          onlinable: '2-3,5-8,10-15',
          offlinable: '1,4,9',
          possible: '0-15',
          'agent-online': '0-2',
          'agent-offline': '4',
          'agent-offlinable': '1-2',
          'agent-onlinable': '4',
          'agent-possible': '0-2,4',
        },
        guestIds: { 0: 0, 1: 1, 4: 4, 9: 2 },
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
          'agent-offline': '4',
          'agent-offlinable': '',
          'agent-onlinable': '4',
          'agent-possible': '0,4',
        },
        guestIds: { 0: 0, 4: 4 },
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

  test('plugged again, and numbered anew by a reset', async () => {
    showConsoleOnFailure(session.guest)
    await session.domain.setVcpuState(2, true, { guest: true })
    expect((await session.domain.guestCpuToVcpu(4))?.id).toBe(4)
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

describe.each<Pairing>([
  { qemu: '10.0', kernel: '6.12' },
  { qemu: '11', kernel: '6.12' },
])('q35 on QEMU $qemu, kernel $kernel under TCG', (pairing) => {
  let session: Session

  beforeAll(async () => {
    session = await Session.begin('x86_64', pairing, { smp: '2,maxcpus=8' })
  })

  afterAll(() => session.end())

  test('the guest says yes to a plug, and its kernel that it cannot', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('plug', 'carried through into the guest', async () => {
      const failure = session.domain.setVcpuState(5, true, { guest: true })
      await expect(failure).rejects.toMatchObject({ code: 'ERR_GUEST_NOT_LISTED', outcome: 'partial' })
      const message = await wordsOfKernel(session, 'lapic')
      expect(message).toBe('ACPI: Unable to map lapic to logical cpu number')
      await session.expectState({
        maps: {
          online: '0-1,5',
          onlinable: '2-4,6-7',
          offlinable: '1,5',
          possible: '0-7',
          'agent-online': '0-1',
          'agent-offline': '',
          'agent-offlinable': '1',
          'agent-onlinable': '',
          'agent-possible': '0-1',
        },
        guestIds: { 0: 0, 1: 1, 5: undefined },
      })
      return { verdict: 'refused-by-guest', message }
    })
  })

  test('such a vCPU can be unplugged', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('unplug', 'of a vCPU that the guest never took', async () => {
      expect(String((await session.domain.setVcpuState(5, false, { guest: true })).changed)).toBe('5')
      expect(String(await session.domain.getVcpuMap())).toBe('0-1')
      return { verdict: 'yes' }
    })
  })

  test('one that the guest booted with can be turned off and on, and told', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('agent', 'on and off', async () => {
      expect(String((await session.domain.setGuestVcpuState(1, false)).changed)).toBe('1')
      expect((await session.domain.vcpus())[1]?.guest).toMatchObject({ id: 1, online: false, confidence: 'exact' })
      expect(String((await session.domain.setGuestVcpuState(1, true)).changed)).toBe('1')
      return { verdict: 'yes' }
    })
    await session.cell('translation', 'core session', async () => {
      expect((await session.domain.guestCpuToVcpu(1))?.id).toBe(1)
      return { verdict: 'yes' }
    })
  })

  test('and unplugged', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('unplug', 'carried through into the guest', async () => {
      const { guest } = await session.domain.setVcpuState(1, false, { guest: true })
      expect(String(guest?.changed)).toBe('1')
      expect(String(await session.domain.getVcpuMap())).toBe('0')
      return { verdict: 'yes' }
    })
  })
})
