import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startMachine } from '../../packages/guest-kit/src/index.ts'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { ConnectionError, GuestRefusedError } from '../../src/index.ts'
import { eventually } from '../real/support/eventually.ts'
import { Session, sessionQemu, type Pairing } from './sessions/session.ts'
import { wordsOfKernel, wordsOfQemu } from './sessions/words.ts'
import { unplugAndGiveUp } from '../real/support/give-up.ts'

const pairings: readonly Pairing[] = [
  { qemu: '10.0', kernel: '6.1' },
  { qemu: '11', kernel: '6.1' },
  { qemu: '11', kernel: '7' },
]

const SMP = '4,sockets=1,cores=8,threads=4,maxcpus=32'

/** Which CPU each thread of a core is, core after core: pseries numbers them in blocks. */
function cores(...places: readonly (readonly [firstId: number, firstGuestId: number])[]): Record<number, number> {
  return Object.fromEntries(
    places.flatMap(([id, guestId]) => [0, 1, 2, 3].map((thread) => [id + thread, guestId + thread])),
  )
}

// One guest, one story: each test goes on from the state that the one before it left.
describe.each(pairings)('pseries on QEMU $qemu, kernel $kernel', (pairing) => {
  let session: Session

  beforeAll(async () => {
    session = await Session.begin('ppc64le', pairing, { smp: SMP })
  })

  afterAll(() => session.end())

  test('one core of eight: the agent lists CPUs that are not there, and they are not called onlinable', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('map', 'core session', async () => {
      await session.expectState({
        maps: {
          online: '0-3',
          onlinable: '4-31',
          offlinable: '',
          possible: '0-31',
          'agent-online': '0-3',
          'agent-offline': '4-31',
          'agent-offlinable': '0-3',
          'agent-onlinable': '',
          'agent-possible': '0-31',
        },
        guestIds: cores([0, 0]),
      })
      return { verdict: 'yes' }
    })
  })

  test('a CPU that is not there is not turned on, whatever the agent says of it', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('agent', 'on, of a CPU that is not there', async () => {
      const failure: unknown = await session.domain.setGuestVcpuState(9, true).catch((error: unknown) => error)
      expect(failure).toMatchObject({ name: 'CommandError', command: 'guest-set-vcpus', outcome: 'rejected' })
      const message = String(failure instanceof Error && 'description' in failure ? failure.description : failure)
      expect(message).toMatch(/Invalid argument$/)
      return { verdict: 'refused-by-guest', message }
    })
  })

  test('one thread of a core: refused with the slot named, in both directions', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('plug', 'one thread of a core', async () => {
      const refusal = session.domain.setVcpuState(13, true, { guest: true })
      await expect(refusal).rejects.toMatchObject({ code: 'ERR_PART_OF_SLOT', outcome: 'not-sent', id: 13 })
      await expect(refusal).rejects.toThrow('12-15')
      const type = (await session.slotTypes())[0]
      const message = await wordsOfQemu(session, 'device_add', { driver: type, 'core-id': 13 })
      expect(message).toBe('invalid core id 13')
      return { verdict: 'refused-by-qemu', message }
    })
  })

  test('the whole core arrives online, under ids of its own', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('plug', 'carried through into the guest', async () => {
      const change = await session.domain.setVcpuState(12, true, { wholeSlot: true, guest: true })
      expect([String(change.changed), String(change.slot), String(change.guest?.ids)]).toEqual([
        '12-15',
        '12-15',
        '4-7',
      ])
      expect(change.steps.map(({ step }) => step)).toEqual([
        'device_add',
        'slot-filled',
        'listed-in-guest',
        'online-in-guest',
      ])
      await session.expectState({
        maps: {
          online: '0-3,12-15',
          onlinable: '4-11,16-31',
          offlinable: '12-15',
          possible: '0-31',
          'agent-online': '0-7',
          'agent-offline': '8-31',
          'agent-offlinable': '0-7',
          'agent-onlinable': '',
          'agent-possible': '0-31',
        },
        guestIds: cores([0, 0], [12, 4]),
      })
      return { verdict: 'yes' }
    })
  })

  test('a second core, not waited for', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('plug', 'in the middle', async () => {
      expect(String((await session.domain.setVcpuState(10, true, { wholeSlot: true })).changed)).toBe('8-11')
      const whole = 'the guest runs CPU 8-11'
      await eventually(whole, async () => String(await session.domain.getVcpuMap('agent-online')) === '0-11')
      await session.expectState({
        maps: {
          online: '0-3,8-15',
          onlinable: '4-7,16-31',
          offlinable: '8-15',
          possible: '0-31',
          'agent-online': '0-11',
          'agent-offline': '12-31',
          'agent-offlinable': '0-11',
          'agent-onlinable': '',
          'agent-possible': '0-31',
        },
        guestIds: cores([0, 0], [8, 8], [12, 4]),
      })
      return { verdict: 'yes' }
    })
  })

  test('the guest turns threads on and off, by its own ids', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('agent', 'on and off', async () => {
      expect(String((await session.domain.setGuestVcpuState(5, false)).changed)).toBe('5')
      await session.expectState({
        maps: {
          online: '0-3,8-15',
          onlinable: '4-7,16-31',
          offlinable: '8-15',
          possible: '0-31',
          'agent-online': '0-4,6-11',
          'agent-offline': '5,12-31',
          'agent-offlinable': '0-4,6-11',
          'agent-onlinable': '5',
          'agent-possible': '0-31',
        },
        guestIds: cores([0, 0], [8, 8], [12, 4]),
      })
      expect(String((await session.domain.setGuestVcpuState(5, true)).changed)).toBe('5')
      return { verdict: 'yes' }
    })
  })

  test('the translation, in both directions, thread by thread', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('translation', 'core session', async () => {
      const ids = await Promise.all(
        [4, 5, 6, 7, 8, 12].map(async (id) => (await session.domain.guestCpuToVcpu(id))?.id),
      )
      expect(ids).toEqual([12, 13, 14, 15, 8, undefined])
      return { verdict: 'yes' }
    })
  })

  test('the boot core stays: nothing is sent, and QEMU would refuse', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('unplug', 'of the boot core', async () => {
      const refusal = session.domain.setVcpuState(0, false, { wholeSlot: true, guest: true })
      await expect(refusal).rejects.toMatchObject({ code: 'ERR_NOT_OFFLINABLE', outcome: 'not-sent' })
      await expect(refusal).rejects.toThrow('its slot 0-3 holds the boot CPU')
      const core = (await session.domain.vcpus())[0]?.qomPath?.replace('/thread[0]', '')
      const message = await wordsOfQemu(session, 'device_del', { id: core })
      expect(message).toBe('Boot CPU core may not be unplugged')
      return { verdict: 'refused-by-qemu', message }
    })
  })

  test('a reset numbers the cores in the order in which they were plugged, not in that of their ids', async () => {
    showConsoleOnFailure(session.guest)
    await session.guest.reset({ timeoutMs: 300_000 })
    await session.cell('translation', 'after a reset', async () => {
      await session.expectState({
        maps: {
          online: '0-3,8-15',
          onlinable: '4-7,16-31',
          offlinable: '8-15',
          possible: '0-31',
          'agent-online': '0-11',
          'agent-offline': '12-31',
          'agent-offlinable': '0-11',
          'agent-onlinable': '',
          'agent-possible': '0-31',
        },
        guestIds: cores([0, 0], [8, 8], [12, 4]),
      })
      return { verdict: 'yes' }
    })
  })

  if (pairing.qemu === '10.0') {
    test('QEMU 10.0 under TCG dies of the first unplug: told as the end of the connection', async () => {
      showConsoleOnFailure(session.guest)
      await session.cell('unplug', 'carried through into the guest', async () => {
        const failure: unknown = await session.domain
          .setVcpuState(12, false, { wholeSlot: true, guest: true })
          .catch((error: unknown) => error)
        const { signal } = await session.guest.exited
        expect(failure).toMatchObject({ name: 'GuestChangeError', code: 'ERR_CONNECTION_LOST', outcome: 'unknown' })
        expect(failure instanceof Error && failure.cause).toBeInstanceOf(ConnectionError)
        expect(['SIGABRT', 'SIGSEGV']).toContain(signal)
        // Its C library finds the broken heap, in one or another of its words; a SIGSEGV has none.
        const words = session.guest.stderr().trim().split('\n').at(-1) ?? ''
        const message = signal === 'SIGABRT' ? words : 'SIGSEGV'
        expect(message).toMatch(/corrupt|double free|invalid|SIGSEGV/)
        return { verdict: 'qemu-died', message }
      })
    })
    return
  }

  test('one thread of a core does not go alone', async () => {
    showConsoleOnFailure(session.guest)
    const refusal = session.domain.setVcpuState(13, false, { guest: true })
    await expect(refusal).rejects.toMatchObject({ code: 'ERR_PART_OF_SLOT', outcome: 'not-sent' })
    await expect(refusal).rejects.toThrow('12-15')
    expect(String(await session.domain.getVcpuMap('agent-online'))).toBe('0-11')
  })

  test('the whole core goes, in the guest first; its ids stay listed', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('unplug', 'carried through into the guest', async () => {
      const change = await session.domain.setVcpuState(13, false, { wholeSlot: true, guest: true })
      const ids = [change.changed, change.guest?.ids, change.guest?.changed].map(String)
      expect(ids).toEqual(['12-15', '4-7', '4-7'])
      await session.expectState({
        maps: {
          online: '0-3,8-11',
          onlinable: '4-7,12-31',
          offlinable: '8-11',
          possible: '0-31',
          'agent-online': '0-3,8-11',
          'agent-offline': '4-7,12-31',
          'agent-offlinable': '0-3,8-11',
          'agent-onlinable': '',
          'agent-possible': '0-31',
        },
        guestIds: cores([0, 0], [8, 8]),
      })
      return { verdict: 'yes' }
    })
  })

  test('a reset closes the hole', async () => {
    showConsoleOnFailure(session.guest)
    await session.guest.reset({ timeoutMs: 300_000 })
    await session.cell('translation', 'after an unplug and a reset', async () => {
      await session.expectState({
        maps: {
          online: '0-3,8-11',
          onlinable: '4-7,12-31',
          offlinable: '8-11',
          possible: '0-31',
          'agent-online': '0-7',
          'agent-offline': '8-31',
          'agent-offlinable': '0-7',
          'agent-onlinable': '',
          'agent-possible': '0-31',
        },
        guestIds: cores([0, 0], [8, 4]),
      })
      return { verdict: 'yes' }
    })
  })

  test('a core whose thread is the last that the guest runs: refused at once, and then let go', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('unplug', 'of the last CPU that the guest runs', async () => {
      for (const id of [0, 1, 2, 3, 4, 5, 6]) await session.domain.setGuestVcpuState(id, false)
      expect(String(await session.domain.getVcpuMap('agent-online'))).toBe('7')
      const refusal: unknown = await session.domain
        .setVcpuState(8, false, { wholeSlot: true })
        .catch((error: unknown) => error)
      expect(refusal).toBeInstanceOf(GuestRefusedError)
      expect(refusal).toMatchObject({
        outcome: 'rejected',
        reason: 'it reported an error and gave no reason (DEVICE_UNPLUG_GUEST_ERROR)',
      })
      expect(String(await session.domain.getVcpuMap())).toBe('0-3,8-11')
      expect(session.domain.pendingRemovals().size).toBe(0)
      // Through the guest, it is refused one step earlier.
      await expect(session.domain.setVcpuState(8, false, { wholeSlot: true, guest: true })).rejects.toMatchObject({
        command: 'guest-set-vcpus',
        outcome: 'rejected',
      })
      const message = await wordsOfKernel(session, 'Unable to remove last online CPU')
      expect(message).toMatch(/^pseries-hotplug-cpu: Unable to remove last online CPU PowerPC,POWER/)
      return { verdict: 'refused-by-guest', message }
    })
    await session.cell('unplug', 'not carried through', async () => {
      await session.domain.setGuestVcpuState(0, true)
      expect(String((await session.domain.setVcpuState(8, false, { wholeSlot: true })).changed)).toBe('8-11')
      expect(String(await session.domain.getVcpuMap())).toBe('0-3')
      return { verdict: 'yes' }
    })
  })

  test('a reset completes what is pending, whatever the guest thinks of it', async () => {
    showConsoleOnFailure(session.guest)
    await session.domain.setVcpuState(20, true, { wholeSlot: true, guest: true })
    await session.guest.query('stop')
    await unplugAndGiveUp(session.domain, 20, { wholeSlot: true })
    const changes = session.domain.changes()
    await session.guest.query('system_reset')
    for await (const change of changes) {
      if (change.type === 'unplugged') {
        expect([String(change.ids), change.late]).toEqual(['20-23', true])
        break
      }
    }
    expect(session.domain.pendingRemovals().size).toBe(0)
    expect(String(await session.domain.getVcpuMap())).toBe('0-3')
  })
})

describe.each(pairings)('pseries with a core of -device on QEMU $qemu, kernel $kernel', (pairing) => {
  let session: Session

  beforeAll(async () => {
    const type = await coreType(pairing)
    session = await Session.begin('ppc64le', pairing, {
      smp: SMP,
      extraArgs: ['-device', `${type},core-id=8,id=cold8`],
    })
  })

  afterAll(() => session.end())

  test('it is the next in the guest, and may go', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('map', 'a core of -device', async () => {
      await session.expectState({
        maps: {
          online: '0-3,8-11',
          onlinable: '4-7,12-31',
          offlinable: '8-11',
          possible: '0-31',
          'agent-online': '0-7',
          'agent-offline': '8-31',
          'agent-offlinable': '0-7',
          'agent-onlinable': '',
          'agent-possible': '0-31',
        },
        guestIds: cores([0, 0], [8, 4]),
      })
      expect((await session.domain.vcpus())[8]).toMatchObject({ deviceId: 'cold8', slot: [8, 9, 10, 11] })
      return { verdict: 'yes' }
    })
  })

  test('an agent that may not read files: observed where a plug of ours was seen, never guessed at for a change', async () => {
    showConsoleOnFailure(session.guest)
    await session.blockFiles()
    await session.cell('translation', 'without files', async () => {
      // Nobody can say any longer which CPUs are there: the map is what the agent claims.
      expect(String(await session.domain.getVcpuMap('agent-onlinable'))).toBe('8-31')
      const { guest } = await session.domain.setVcpuState(12, true, { wholeSlot: true, guest: true })
      expect(String(guest?.ids)).toBe('8-11')
      expect((await session.sides()).filter((side) => !side.endsWith('assumed'))).toEqual([
        ...[0, 1, 2, 3].map((id) => `${id} is ${id}, computed`),
        ...[8, 9, 10, 11].map((id) => `${id} is null, unknown`),
        ...[12, 13, 14, 15].map((id) => `${id} is ${id - 4}, observed`),
      ])
      await expect(session.domain.setVcpuState(8, false, { wholeSlot: true, guest: true })).rejects.toMatchObject({
        code: 'ERR_UNSURE',
        outcome: 'not-sent',
      })
      expect(String(await session.domain.getVcpuMap('agent-online'))).toBe('0-11')
      return { verdict: 'yes' }
    })
  })

  // What QEMU 10.0 does at an unplug stands above.
  if (pairing.qemu === '10.0') return

  test('the observed core goes through the guest, the other by its id', async () => {
    showConsoleOnFailure(session.guest)
    await session.cell('unplug', 'without files', async () => {
      const { guest } = await session.domain.setVcpuState(12, false, { wholeSlot: true, guest: true })
      expect(String(guest?.changed)).toBe('8-11')
      return { verdict: 'yes' }
    })
    await session.cell('unplug', 'of -device, by its id', async () => {
      expect(await session.domain.setVcpuState(8, false, { wholeSlot: true })).toMatchObject({ deviceId: 'cold8' })
      expect(String(await session.domain.getVcpuMap())).toBe('0-3')
      expect(String(await session.domain.getVcpuMap('agent-online'))).toBe('0-3')
      return { verdict: 'yes' }
    })
  })
})

/** The driver of this machine's cores: it goes by QEMU's default CPU, which is another in each version. */
async function coreType(pairing: Pairing): Promise<string> {
  await using machine = await startMachine({ qemu: await sessionQemu('ppc64le', pairing.qemu), smp: SMP, paused: true })
  const slots = (await machine.query('query-hotpluggable-cpus')) as readonly { readonly type: string }[]
  return slots[0]?.type ?? ''
}
