// 1,595 ACPI_DEVICE_OST events, which a guest can make as it likes, made 3,190 queries of QEMU in 2 s; with 1,024 slots that was
// 93 % of a core of the daemon, and as much of QEMU's main loop. Seen on a simulated VM. What must end: a guest that decides
// how often its VM is read.
import { describe, expect, test } from 'vitest'
import type { DomainOptions } from '../../src/index.ts'
import type { SimulatedVmOptions } from '../../src/testing/index.ts'
import { timedDomain, type TimedDomain } from '../support/timed-domain.ts'
import { listenTo, settled } from './support.ts'

const PER_SECOND = 5_000
/** What hints cost at most: 20 readings at once, and 20 a second. */
const most = (seconds: number, rate = 20): number => rate + rate * seconds
/** Looks that need no hint: every 250 ms while a call waits, and a few more when it begins. */
const timed = (seconds: number): number => 8 + 4 * seconds

/** A guest that reports on a slot as often as it can. */
async function flood({ clock, vm }: TimedDomain, ms: number, info: object = {}): Promise<void> {
  for (let passed = 0; passed < ms; passed++) {
    for (let each = 0; each < PER_SECOND / 1_000; each++) {
      // Source 0x103: the guest ejects by itself; its status ends nothing.
      vm.qemu.emit('ACPI_DEVICE_OST', {
        info: { slot: '7', 'slot-type': 'CPU', source: 0x103, status: 0x84, ...info },
      })
    }
    await clock.advance(1)
  }
}

function readings({ vm }: TimedDomain): number {
  return vm.qemu.commands.filter(({ command }) => command === 'query-cpus-fast').length
}

/** How many readings something causes. */
async function readingsIn(timed: TimedDomain, act: () => Promise<unknown>): Promise<number> {
  const before = readings(timed)
  await act()
  return readings(timed) - before
}

function start(vmOptions: Partial<SimulatedVmOptions> = {}, options: Partial<DomainOptions> = {}) {
  return timedDomain({ agent: false, ...vmOptions }, { qga: undefined, ...options })
}

describe('a flood of events', () => {
  test('while somebody reads changes()', async () => {
    const timedVm = await start()
    listenTo(timedVm.domain)
    expect(await readingsIn(timedVm, () => flood(timedVm, 4_000))).toBeLessThanOrEqual(most(4) + 4)
  })

  test('while a call waits', async () => {
    const timedVm = await start({ guest: { onUnplug: 'ignore' } })
    const unplug = settled(timedVm.domain.setVcpuState(1, false, { timeoutMs: 4_000 }))
    const count = await readingsIn(timedVm, () => flood(timedVm, 4_000))
    expect(count).toBeLessThanOrEqual(most(4) + timed(4))
    expect(await timedVm.clock.run(unplug)).toMatchObject({ error: { code: 'ERR_TIMEOUT', outcome: 'unknown' } })
  })

  test('of resets, after each of which the machine itself is asked again', async () => {
    const timedVm = await start()
    listenTo(timedVm.domain)
    const { clock, vm } = timedVm
    const before = vm.qemu.commands.length
    for (let at = 0; at < 2_000; at++) {
      vm.qemu.emit('RESET', { guest: true, reason: 'guest-reset' })
      await clock.advance(1)
    }
    expect(vm.qemu.commands.length - before).toBeLessThanOrEqual(3 * (most(2) + 2))
  })

  test('at the rate that the caller chooses', async () => {
    const timedVm = await start({}, { limits: { maxHintsPerSecond: 2 } })
    listenTo(timedVm.domain)
    expect(await readingsIn(timedVm, () => flood(timedVm, 5_000))).toBeLessThanOrEqual(most(5, 2) + 5)
  })
})

describe('in the middle of a flood', () => {
  test('the guest refuses an unplug, and the call rejects', async () => {
    const timedVm = await start({ guest: { onUnplug: 'ignore' } })
    const { clock, vm, domain } = timedVm
    listenTo(domain)
    const unplug = settled(domain.setVcpuState(1, false, { timeoutMs: 60_000 }))
    await flood(timedVm, 3_000)
    const refusedAtMs = clock.now()
    vm.qemu.refusePendingUnplug()
    let endedAtMs = Infinity
    void unplug.then(() => {
      endedAtMs = clock.now()
    })
    await flood(timedVm, 500)
    expect(await unplug).toMatchObject({ error: { code: 'ERR_GUEST_REFUSED', outcome: 'rejected' } })
    expect(endedAtMs - refusedAtMs).toBeLessThanOrEqual(60)
  })

  test('another client plugs, the flood ends with the event of it, and changes() tells so', async () => {
    const timedVm = await start({}, { limits: { maxHintsPerSecond: 1 } })
    const { clock, vm, domain } = timedVm
    const told = listenTo(domain)
    await flood(timedVm, 2_000)
    vm.other.plug(5)
    await flood(timedVm, 1)
    await clock.advance(1_100)
    expect(told).toContainEqual(expect.objectContaining({ type: 'plugged', ids: '5' }))
    expect(String(await clock.run(domain.getVcpuMap()))).toBe('0-1,5')
  })
})

test('a lone refusal is told at once', async () => {
  const { clock, domain } = await start({ guest: { onUnplug: 'refuse' } })
  const beganAtMs = clock.now()
  expect(await clock.run(settled(domain.setVcpuState(1, false)))).toMatchObject({
    error: { code: 'ERR_GUEST_REFUSED' },
  })
  expect(clock.now() - beganAtMs).toBeLessThan(250)
})

test.each([0, -1, 1.5, 101, NaN, Infinity, '20', null])(
  'maxHintsPerSecond: %s is refused at the call',
  async (value) => {
    const limits = { maxHintsPerSecond: value as number }
    await expect(start({}, { limits })).rejects.toMatchObject({
      name: 'InputError',
      code: 'ERR_LIMIT',
      outcome: 'not-sent',
      message: expect.stringContaining('limits.maxHintsPerSecond is ') as string,
    })
  },
)
