import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Session, type Pairing } from './sessions/session.ts'
import { wordsOfKernel } from './sessions/words.ts'

// Linux 6.9 and later takes no slot that it did not boot with where it knows no hypervisor, and TCG is none that it knows.
describe.each<Pairing>([
  { qemu: '10.0', kernel: '6.12' },
  { qemu: '11', kernel: '6.12' },
  { qemu: '11', kernel: '7' },
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
