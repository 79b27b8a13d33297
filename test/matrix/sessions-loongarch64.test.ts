import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { eventually } from '../real/support/eventually.ts'
import { Session } from './sessions/session.ts'
import { wordsOfKernel, wordsOfQemu } from './sessions/words.ts'

const OPTIONS = {
  smp: '2,maxcpus=16',
  extraArgs: ['-device', 'la464-loongarch-cpu,socket-id=0,core-id=9,thread-id=0,id=cold9'],
} as const

// The guest booted with 0, 1 and 9; those absent then have their ids from then on, ascending: 5 is CPU 6, and 4 is CPU 5.

// One guest, one story: each test goes on from the state that the one before it left.
describe('virt (loongarch64) on QEMU 11, kernel 7', () => {
  let session: Session

  beforeAll(async () => {
    session = await Session.begin('loongarch64', { qemu: '11', kernel: '7' }, OPTIONS)
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
      return { verdict: 'yes' }
    })
  })

  test('a plug in the middle arrives offline', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('plug', 'in the middle', async () => {
      expect(String((await session.domain.setVcpuState(5, true)).changed)).toBe('5')
      await eventually('the guest lists CPU 6', async () => (await session.domain.getVcpuMap('agent-possible')).has(6))
      await session.expectState({
        maps: {
          online: '0-1,5,9',
          onlinable: '2-4,6-8,10-15',
          offlinable: '1,5,9',
          possible: '0-15',
          'agent-online': '0-2',
          'agent-offline': '6',
          'agent-offlinable': '1-2',
          'agent-onlinable': '6',
          'agent-possible': '0-2,6',
        },
        guestIds: { 0: 0, 1: 1, 5: 6, 9: 2 },
      })
      return { verdict: 'yes' }
    })
  })

  test('a plug carried through into the guest', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('plug', 'carried through into the guest', async () => {
      const { guest, steps } = await session.domain.setVcpuState(4, true, { guest: true })
      expect([String(guest?.ids), String(guest?.changed)]).toEqual(['5', '5'])
      expect(steps.map(({ step }) => step)).toEqual([
        'device_add',
        'slot-filled',
        'guest-acknowledged',
        'listed-in-guest',
        'online-in-guest',
      ])
      return { verdict: 'yes' }
    })
  })

  test('the guest turns a CPU on and off, by its own id', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('agent', 'on and off', async () => {
      expect(String((await session.domain.setGuestVcpuState(6, true)).changed)).toBe('6')
      expect(String((await session.domain.setGuestVcpuState(5, false)).changed)).toBe('5')
      await session.expectState({
        maps: {
          online: '0-1,4-5,9',
          onlinable: '2-3,6-8,10-15',
          offlinable: '1,4-5,9',
          possible: '0-15',
          'agent-online': '0-2,6',
          'agent-offline': '5',
          'agent-offlinable': '1-2,6',
          'agent-onlinable': '5',
          'agent-possible': '0-2,5-6',
        },
        guestIds: { 0: 0, 1: 1, 4: 5, 5: 6, 9: 2 },
      })
      return { verdict: 'yes' }
    })
    await session.cell('translation', 'core session', async () => {
      expect((await session.domain.guestCpuToVcpu(6))?.id).toBe(5)
      expect((await session.domain.guestCpuToVcpu(2))?.id).toBe(9)
      expect(await session.domain.guestCpuToVcpu(3)).toBeNull()
      return { verdict: 'yes' }
    })
  })

  test('unplugs: through the guest, of -device by its id, of -smp by its QOM path', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('unplug', 'carried through into the guest', async () => {
      const { changed, guest } = await session.domain.setVcpuState(5, false, { guest: true })
      expect([String(changed), String(guest?.ids), String(guest?.changed)]).toEqual(['5', '6', '6'])
      return { verdict: 'yes' }
    })
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
          'agent-offline': '5',
          'agent-offlinable': '',
          'agent-onlinable': '5',
          'agent-possible': '0,5',
        },
        guestIds: { 0: 0, 4: 5 },
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
      expect(message).toBe('hot-unplug of boot cpu(id0=0:0:0) not supported')
      return { verdict: 'refused-by-qemu', message }
    })
  })

  test('a slot filled again keeps its id', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('plug', 'of a slot that was emptied before', async () => {
      for (const [id, guestId] of [
        [5, '6'],
        [9, '2'],
        [1, '1'],
      ] as const) {
        const { guest } = await session.domain.setVcpuState(id, true, { guest: true })
        expect(String(guest?.ids)).toBe(guestId)
      }
      return { verdict: 'yes' }
    })
  })

  test('a reset from outside, from which the firmware never comes back', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('translation', 'after a reset', async () => {
      const gone = session.guest.waitForAgentGone()
      await session.guest.query('system_reset')
      await gone
      const failure = session.domain.setVcpuState(2, true, { guest: true, timeoutMs: 5_000 })
      await expect(failure).rejects.toMatchObject({ code: 'ERR_TIMEOUT', outcome: 'not-sent' })
      // QEMU knows nothing of it, and its half still works.
      expect(await session.guest.query('query-status')).toMatchObject({ status: 'running', running: true })
      expect(String(await session.domain.getVcpuMap())).toBe('0-1,4-5,9')
      return { verdict: 'guest-hung', message: 'query-status: running; the console and the agent stay silent' }
    })
  })
})

describe('virt (loongarch64) on QEMU 10.0, kernel 7', () => {
  let session: Session

  beforeAll(async () => {
    session = await Session.begin('loongarch64', { qemu: '10.0', kernel: '7' }, OPTIONS)
  })

  afterAll(() => session.end())

  // Its ACPI tables place the registers of hotplug at an odd address, and this kernel reads none there.
  test('the guest hears of a plug and cannot ask what it is', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('plug', 'carried through into the guest', async () => {
      const failure = session.domain.setVcpuState(5, true, { guest: true, timeoutMs: 5_000 })
      await expect(failure).rejects.toMatchObject({ outcome: 'unknown' })
      expect(String(await session.domain.getVcpuMap())).toBe('0-1,5,9')
      const message = await wordsOfKernel(session, 'Aborting method \\_SB.GED._EVT')
      expect(message).toMatch(/AE_AML_ALIGNMENT/)
      return { verdict: 'refused-by-guest', message }
    })
    await session.cell('unplug', 'not carried through', async () => {
      const failure = session.domain.setVcpuState(9, false, { timeoutMs: 5_000 })
      await expect(failure).rejects.toMatchObject({ code: 'ERR_TIMEOUT', outcome: 'unknown' })
      const message = await wordsOfKernel(session, 'Aborting method \\_SB.GED._EVT')
      return { verdict: 'refused-by-guest', message }
    })
  })

  test('a CPU that it booted with can be turned off and on', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('agent', 'on and off', async () => {
      expect(String((await session.domain.setGuestVcpuState(1, false)).changed)).toBe('1')
      expect(String((await session.domain.setGuestVcpuState(1, true)).changed)).toBe('1')
      return { verdict: 'yes' }
    })
  })
})
