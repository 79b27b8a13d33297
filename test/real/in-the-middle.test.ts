import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Guest } from '../../packages/guest-kit/src/index.ts'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain, QgaClient, type QgaExecutor, type WireTraceEntry } from '../../src/index.ts'
import { trueCpus } from '../oracle/guest-cpus.ts'
import { trueIndexes } from '../oracle/vcpus.ts'
import { boot } from './support/boot.ts'
import { testOnSoundQemu } from './support/sound-qemu.ts'

// "In the middle" is when the command that changes something leaves this process: the trace sees it go.
type Happening = (guest: Guest) => void

const killQemu: Happening = (guest) => {
  process.kill(guest.pid, 'SIGKILL')
}
const resetGuest: Happening = (guest) => {
  void guest.query('system_reset')
}

let guest: Guest

beforeEach(async () => {
  guest = await boot()
})

afterEach(async () => {
  await guest.stop()
})

/** A domain to which something happens as soon as a certain command has been sent. */
function connect(command: string, happening: Happening): Promise<Domain> {
  showConsoleOnFailure(guest)
  let isOver = false
  const trace = ({ direction, bytes }: WireTraceEntry): void => {
    if (isOver || direction !== 'out' || !Buffer.from(bytes).includes(`"${command}"`)) return
    isOver = true
    // After the write that this entry announces.
    setImmediate(() => {
      happening(guest)
    })
  }
  return Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath, trace })
}

describe('QEMU is killed', () => {
  test.each([
    [
      'device_add',
      (domain: Domain) => domain.setVcpuState(5, true),
      { code: 'ERR_CONNECTION_LOST', outcome: 'unknown' },
    ],
    [
      'device_add',
      (domain: Domain) => domain.setVcpuState(5, true, { guest: true }),
      { code: 'ERR_CONNECTION_LOST', outcome: 'unknown' },
    ],
    [
      'device_del',
      (domain: Domain) => domain.setVcpuState(1, false),
      { code: 'ERR_CONNECTION_LOST', outcome: 'unknown' },
    ],
    [
      'guest-set-vcpus',
      (domain: Domain) => domain.setGuestVcpuState(1, false),
      { code: 'ERR_CONNECTION_LOST', outcome: 'unknown' },
    ],
    [
      'guest-set-vcpus',
      (domain: Domain) => domain.setVcpuState(1, false, { guest: true }),
      { code: 'ERR_CONNECTION_LOST', outcome: 'unknown' },
    ],
  ])('after %s was sent', async (command, change, failure) => {
    await using domain = await connect(command, killQemu)
    const ended = await change(domain).catch((error: unknown) => error)
    // A fast QEMU may have answered before the signal reached it; then the next question finds it gone.
    if (!(ended instanceof Error) && command === 'device_add') {
      await guest.exited
    } else {
      expect(ended).toMatchObject(failure)
    }
    await guest.exited
    await expect(domain.getVcpuMap()).rejects.toMatchObject({ code: 'ERR_CONNECT' })
    await expect(domain.getVcpuMap('agent-online')).rejects.toMatchObject({ code: 'ERR_CONNECT' })
  })
})

describe('the guest is reset', () => {
  testOnSoundQemu('after device_add was sent: the vCPU is plugged, and the guest boots with it', async () => {
    await using domain = await connect('device_add', resetGuest)
    const change = await domain.setVcpuState(5, true)
    expect(String(change.changed)).toBe('5')
    await guest.waitForBoot()
    await guest.waitForAgent()
    expect(await trueIndexes(guest)).toEqual([0, 1, 5])
    expect((await domain.vcpus())[5]?.guest).toMatchObject({ id: 2, online: true, confidence: 'exact' })
  })

  testOnSoundQemu('while a plug is carried through into it: unknown, and QEMU’s part is told', async () => {
    await using domain = await connect('device_add', resetGuest)
    const ended = await domain
      .setVcpuState(5, true, { guest: true, timeoutMs: 60_000 })
      .catch((error: unknown) => error)
    // The agent dies with the guest; or the guest comes back quickly enough and boots with the vCPU, turned on.
    if (ended instanceof Error) expect(ended).toMatchObject({ name: 'GuestChangeError', outcome: 'unknown' })
    await guest.waitForBoot()
    await guest.waitForAgent()
    expect(await trueIndexes(guest)).toEqual([0, 1, 5])
    expect((await domain.vcpus())[5]).toMatchObject({ online: true, guest: { id: 2, online: true } })
  })

  testOnSoundQemu(
    'after device_del was sent: gone, or unknown and still asked for; the next call tells which',
    async () => {
      await using domain = await connect('device_del', resetGuest)
      const ended = await domain.setVcpuState(1, false, { timeoutMs: 2_000 }).catch((error: unknown) => error)
      if (ended instanceof Error) expect(ended).toMatchObject({ code: 'ERR_TIMEOUT', outcome: 'unknown' })
      await guest.waitForBoot()
      await guest.waitForAgent()
      const truth = await trueIndexes(guest)
      expect([...(await domain.getVcpuMap())]).toEqual(truth)
      // The guest that booted since was not asked: nothing is pending in it.
      expect(String(domain.pendingRemovals())).toBe('')
      await domain.setVcpuState(1, false)
      expect(await trueIndexes(guest)).toEqual([0])
    },
  )

  testOnSoundQemu('after guest-set-vcpus was sent: unknown, and then as it booted', async () => {
    await using domain = await connect('guest-set-vcpus', resetGuest)
    const ended = await domain.setGuestVcpuState(1, false, { timeoutMs: 2_000 }).catch((error: unknown) => error)
    if (ended instanceof Error) expect(ended).toMatchObject({ outcome: 'unknown' })
    await guest.waitForBoot()
    await guest.waitForAgent()
    expect(String(await domain.getVcpuMap('agent-online'))).toBe('0-1')
  })
})

describe('the agent is stopped, killed and started again', () => {
  /** Stop the agent's process right before a command reaches it. */
  class StoppingAgent implements QgaExecutor {
    readonly #client: QgaClient
    readonly #command: string

    constructor(client: QgaClient, command: string) {
      this.#client = client
      this.#command = command
    }

    async execute(...[command, args, options]: Parameters<QgaExecutor['execute']>): Promise<unknown> {
      if (command === this.#command) await guest.shell('kill -STOP $(cat /run/qemu-ga.pid)')
      return this.#client.execute(command, args, options)
    }
  }

  async function restartAgent(): Promise<void> {
    await guest.shell('kill -KILL $(cat /run/qemu-ga.pid)')
    await guest.waitForAgentGone()
    await guest.shell('start-agent > /dev/null 2>&1 &')
    await guest.waitForAgent()
  }

  test('in the middle of a guest change: unknown; the next call is in step and tells the truth', async () => {
    showConsoleOnFailure(guest)
    await using client = await QgaClient.connect(guest.qgaPath)
    await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: new StoppingAgent(client, 'guest-set-vcpus') })
    await expect(domain.setGuestVcpuState(1, false, { timeoutMs: 3_000 })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
      outcome: 'unknown',
    })
    await restartAgent()
    const truth = (await trueCpus(guest)).filter(({ online }) => online).map(({ guestId }) => guestId)
    expect([...(await domain.getVcpuMap('agent-online'))]).toEqual(truth)
  })

  test('in the middle of a plug that is carried through: QEMU’s part stands, the guest’s is unknown', async () => {
    showConsoleOnFailure(guest)
    await using client = await QgaClient.connect(guest.qgaPath)
    await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: new StoppingAgent(client, 'guest-set-vcpus') })
    await expect(domain.setVcpuState(5, true, { guest: true, timeoutMs: 10_000 })).rejects.toMatchObject({
      name: 'GuestChangeError',
      code: 'ERR_TIMEOUT',
      outcome: 'unknown',
      failedStep: 'online-in-guest',
    })
    expect(String(await domain.getVcpuMap())).toBe('0-1,5')
    await restartAgent()
    const truth = (await trueCpus(guest)).find(({ index }) => index === 5)
    expect((await domain.vcpus())[5]?.guest).toMatchObject({ id: truth?.guestId, online: truth?.online })
  })

  testOnSoundQemu('before anything: not sent, and QEMU’s side goes on as if nothing were', async () => {
    showConsoleOnFailure(guest)
    await guest.shell('kill -STOP $(cat /run/qemu-ga.pid)')
    await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
    await expect(domain.setGuestVcpuState(1, false, { timeoutMs: 3_000 })).rejects.toMatchObject({
      code: 'ERR_NO_AGENT_ANSWER',
      outcome: 'not-sent',
    })
    await domain.setVcpuState(1, false)
    await restartAgent()
    expect(String(await domain.getVcpuMap('agent-online'))).toBe('0')
  })
})
