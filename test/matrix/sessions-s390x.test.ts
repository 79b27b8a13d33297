import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KernelVersion } from '../../packages/guest-kit/src/index.ts'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { CpuMap, type WireTraceEntry } from '../../src/index.ts'
import { eventually } from '../real/support/eventually.ts'
import { runCommand } from '../support/run-command.ts'
import { Session, type Pairing } from './sessions/session.ts'
import { wordsOfQemu } from './sessions/words.ts'

const pairings: readonly Pairing[] = [
  { qemu: '10.0', kernel: '6.1' },
  { qemu: '11', kernel: '6.1' },
  { qemu: '11', kernel: '7' },
]

/** Kernel 6.1 can turn off any CPU of s390x; later ones keep the first, as x86 does. */
function offlinable(kernel: KernelVersion, ids: string): string {
  return kernel === '6.1' ? ids : String(CpuMap.parse(ids).difference(CpuMap.of(0)))
}

const COLD = ['-device', 'qemu-s390x-cpu,core-id=6,id=cold6']

// One guest, one story: each test goes on from the state that the one before it left.
describe.each(pairings)('s390-ccw-virtio on QEMU $qemu, kernel $kernel', (pairing) => {
  const { kernel } = pairing
  let session: Session
  const sent: string[] = []

  beforeAll(async () => {
    const trace = ({ direction, bytes }: WireTraceEntry): void => {
      if (direction === 'out') sent.push(Buffer.from(bytes).toString('latin1'))
    }
    session = await Session.begin('s390x', pairing, { smp: '2,maxcpus=8', extraArgs: COLD, trace })
  })

  afterAll(() => session.end())

  test('two vCPUs of -smp and one of -device; none may go', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('map', 'core session', async () => {
      await session.expectState({
        maps: {
          online: '0-1,6',
          onlinable: '2-5,7',
          offlinable: '',
          possible: '0-7',
          'agent-online': '0-2',
          'agent-offline': '',
          'agent-offlinable': offlinable(kernel, '0-2'),
          'agent-onlinable': '',
          'agent-possible': '0-2',
        },
        guestIds: { 0: 0, 1: 1, 6: 2 },
      })
      expect((await session.domain.vcpus())[6]).toMatchObject({
        deviceId: 'cold6',
        qomPath: '/machine/peripheral/cold6',
      })
      return { verdict: 'yes' }
    })
  })

  test('a plug in the middle arrives offline, under the next id', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('plug', 'in the middle', async () => {
      expect(String((await session.domain.setVcpuState(5, true)).changed)).toBe('5')
      await eventually('the guest lists CPU 3', async () => (await session.domain.getVcpuMap('agent-possible')).has(3))
      await session.expectState({
        maps: {
          online: '0-1,5-6',
          onlinable: '2-4,7',
          offlinable: '',
          possible: '0-7',
          'agent-online': '0-2',
          'agent-offline': '3',
          'agent-offlinable': offlinable(kernel, '0-2'),
          'agent-onlinable': '3',
          'agent-possible': '0-3',
        },
        guestIds: { 0: 0, 1: 1, 5: 3, 6: 2 },
      })
      return { verdict: 'yes' }
    })
  })

  test('a plug carried through into the guest, which answers none by itself', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('plug', 'carried through into the guest', async () => {
      const { guest, steps } = await session.domain.setVcpuState(3, true, { guest: true })
      expect([String(guest?.ids), String(guest?.changed)]).toEqual(['4', '4'])
      expect(steps.map(({ step }) => step)).toEqual(['device_add', 'slot-filled', 'listed-in-guest', 'online-in-guest'])
      await session.expectState({
        maps: {
          online: '0-1,3,5-6',
          onlinable: '2,4,7',
          offlinable: '',
          possible: '0-7',
          'agent-online': '0-2,4',
          'agent-offline': '3',
          'agent-offlinable': offlinable(kernel, '0-2,4'),
          'agent-onlinable': '3',
          'agent-possible': '0-4',
        },
        guestIds: { 0: 0, 1: 1, 3: 4, 5: 3, 6: 2 },
      })
      return { verdict: 'yes' }
    })
  })

  test('the guest turns CPUs on and off', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('agent', 'on and off', async () => {
      expect(String((await session.domain.setGuestVcpuState(3, true)).changed)).toBe('3')
      expect(String((await session.domain.setGuestVcpuState(4, false)).changed)).toBe('4')
      await session.expectState({
        maps: {
          online: '0-1,3,5-6',
          onlinable: '2,4,7',
          offlinable: '',
          possible: '0-7',
          'agent-online': '0-3',
          'agent-offline': '4',
          'agent-offlinable': offlinable(kernel, '0-3'),
          'agent-onlinable': '4',
          'agent-possible': '0-4',
        },
        guestIds: { 0: 0, 1: 1, 3: 4, 5: 3, 6: 2 },
      })
      return { verdict: 'yes' }
    })
  })

  test('its first CPU: kernel 6.1 turns it off, a later one says that it cannot', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('agent', 'CPU 0 off', async () => {
      const turned = session.domain.setGuestVcpuState(0, false)
      if (kernel === '6.1') {
        expect(String((await turned).changed)).toBe('0')
        expect(String(await session.domain.getVcpuMap('agent-online'))).toBe('1-3')
        expect(String((await session.domain.setGuestVcpuState(0, true)).changed)).toBe('0')
        return { verdict: 'yes' }
      }
      await expect(turned).rejects.toMatchObject({ code: 'ERR_NOT_OFFLINABLE', outcome: 'not-sent' })
      const { stderr } = await session.guest.shell('cat /sys/devices/system/cpu/cpu0/online')
      expect(stderr).toContain("cpu0/online': No such file or directory")
      return {
        verdict: 'refused-by-guest',
        message: "can't open '/sys/devices/system/cpu/cpu0/online': No such file or directory",
      }
    })
  })

  test('the translation, in both directions', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('translation', 'core session', async () => {
      expect((await session.domain.guestCpuToVcpu(3))?.id).toBe(5)
      expect((await session.domain.guestCpuToVcpu(2))?.id).toBe(6)
      expect(await session.domain.guestCpuToVcpu(5)).toBeNull()
      return { verdict: 'yes' }
    })
  })

  test.each([0, 1, 5, 6])(
    'vCPU %d is not unplugged: nothing is sent, nothing turned off, and QEMU would refuse',
    async (id) => {
      showConsoleOnFailure(session.guest)
      await session.cell('unplug', `of vCPU ${id}`, async () => {
        const before = await session.domain.getVcpuMap('agent-online')
        sent.length = 0
        for (const options of [{}, { guest: true }, { wholeSlot: true, guest: true, rollback: true }]) {
          const refusal = session.domain.setVcpuState(id, false, options)
          await expect(refusal).rejects.toMatchObject({ code: 'ERR_NOT_OFFLINABLE', outcome: 'not-sent' })
          await expect(refusal).rejects.toThrow('this machine type never unplugs a vCPU')
        }
        expect(sent.filter((line) => /device_del|guest-set-vcpus/.test(line))).toEqual([])
        expect(String(await session.domain.getVcpuMap('agent-online'))).toBe(String(before))
        const vcpu = (await session.domain.vcpus())[id]
        const message = await wordsOfQemu(session, 'device_del', { id: vcpu?.deviceId ?? vcpu?.qomPath })
        expect(message).toBe('CPU hot unplug not supported on this machine')
        return { verdict: 'refused-by-qemu', message }
      })
    },
  )

  test('numbered anew by a reset', async () => {
    showConsoleOnFailure(session.guest)
    // Kernel 6.1 takes a minute until its first word after a reset under TCG.
    await session.guest.reset({ timeoutMs: 300_000 })
    await session.cell('translation', 'after a reset', async () => {
      await session.expectState({
        maps: {
          online: '0-1,3,5-6',
          onlinable: '2,4,7',
          offlinable: '',
          possible: '0-7',
          'agent-online': '0-4',
          'agent-offline': '',
          'agent-offlinable': offlinable(kernel, '0-4'),
          'agent-onlinable': '',
          'agent-possible': '0-4',
        },
        guestIds: { 0: 0, 1: 1, 3: 2, 5: 3, 6: 4 },
      })
      return { verdict: 'yes' }
    })
  })

  test('an agent that may not read files: observed where a plug of ours was seen', async () => {
    showConsoleOnFailure(session.guest)
    await session.blockFiles()
    await session.cell('translation', 'without files', async () => {
      const { guest } = await session.domain.setVcpuState(2, true, { guest: true })
      expect(String(guest?.ids)).toBe('5')
      // Which CPU 3, 5 and 6 became at the reset cannot be known, and the list itself disproves that ids are the same.
      expect(await session.sides()).toEqual([
        '0 is 0, computed',
        '1 is 1, computed',
        '2 is 5, observed',
        '3 is null, unknown',
        '5 is null, unknown',
        '6 is null, unknown',
      ])
      return { verdict: 'yes' }
    })
  })

  test('the command says it with its exit status', async () => {
    showConsoleOnFailure(session.guest)
    await session.domain.close()
    const run = await runCommand(['set', '5', 'off', '--qmp', session.guest.qmpPath, '--json'])
    expect(run.code).toBe(1)
    expect(JSON.parse(run.stdout)).toMatchObject({ error: { code: 'ERR_NOT_OFFLINABLE', outcome: 'not-sent' } })
  })
})
