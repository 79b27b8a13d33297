import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CpuMap } from '../../../../src/bitmap/index.ts'
import { UNKNOWN_GUEST, type VcpuGuest } from '../../../../src/domain/results.ts'
import { planGuestScale } from '../../../../src/domain/scale/plan-guest.ts'
import type { GuestBasis } from '../../../../src/domain/scale/plan.ts'
import { CommandError } from '../../../../src/errors/peer-errors.ts'
import { thrownBy } from '../../../support/thrown-by.ts'
import { x86 } from '../../bitmap/machine/machines.ts'
import { changesSent, vm } from '../../../support/simulated-vm.ts'
import { until } from '../../../support/passing-clock.ts'
import { collect, failAt, FakeMachine } from './fake-machine.ts'
import { slotsOf, withFilled } from './model.ts'

const q35 = x86([['core-id', 8]])

/** The steps for a machine that has these plugged and runs those: `on 2`, `+3`, `-4`. */
function steps(plugged: string, running: string, target: number, guest = knownGuest(running)): string[] {
  const plan = planGuestScale({ slots: slotsOf(withFilled(q35, CpuMap.parse(plugged))), guest }, target)
  return plan.steps.map(({ id, online, part }) => (part === 'guest' ? `on ${id}` : `${online ? '+' : '-'}${id}`))
}

function knownGuest(running: string): GuestBasis {
  const on = CpuMap.parse(running)
  const sideOf = (id: number): VcpuGuest => ({ id, online: on.has(id), canOffline: id > 0, confidence: 'exact' })
  return { running: on.size, sideOf }
}

describe('a plan for a count that the guest runs', () => {
  test.each([
    ['turns on what is plugged first, then fills slots', '0-2', '0-1', 5, ['on 2', '+3', '+4']],
    ['turns on what is missing', '0-2', '0-1', 3, ['on 2']],
    ['has nothing to do', '0-2', '0-2', 3, []],
    ['gives back what does not run first, the highest first', '0-6', '0-3,6', 5, ['-5', '-4']],
    ['then goes by the policy', '0-6', '0-3,6', 3, ['-5', '-4', '-6', '-3']],
    ['turns on what is kept and gives back the rest', '0-5', '0,5', 4, ['on 1', 'on 2', '-4', '-3']],
    ['gives back what does not run where enough run', '0-4', '0-2', 3, ['-4', '-3']],
  ])('%s', (_, plugged, running, target, expected) => {
    expect(steps(plugged, running, target)).toEqual(expected)
  })

  test('where the guest runs as many as are plugged, all of them run', () => {
    const guest: GuestBasis = { running: 3, sideOf: () => UNKNOWN_GUEST }
    expect(steps('0-2', '', 5, guest)).toEqual(['+3', '+4'])
    expect(thrownBy(() => steps('0-2', '', 2, guest))).toMatchObject({ code: 'ERR_UNSURE', outcome: 'not-sent', id: 2 })
  })

  test('where it is not known which run, and it matters, refuses and names the way out', () => {
    const guest: GuestBasis = { running: 2, sideOf: () => UNKNOWN_GUEST }
    for (const target of [1, 2, 3, 5]) {
      expect(thrownBy(() => steps('0-2', '', target, guest))).toMatchObject({
        name: 'RefusedError',
        code: 'ERR_UNSURE',
        outcome: 'not-sent',
        message: /guest-file-open.*without the guest's part/,
      })
    }
  })

  test('a vCPU for which the guest has no CPU yet does not run', () => {
    const guest: GuestBasis = { ...knownGuest('0-1'), sideOf: (id) => (id === 2 ? null : knownGuest('0-1').sideOf(id)) }
    expect(steps('0-2', '', 3, guest)).toEqual(['on 2'])
  })

  test('ends with exactly so many plugged and run', async () => {
    const map = fc.subarray([1, 2, 3, 4, 5, 6, 7]).map((ids) => CpuMap.from([0, ...ids]))
    await fc.assert(
      fc.asyncProperty(map, map, fc.integer({ min: 1, max: 8 }), async (plugged, runs, target) => {
        const machine = new FakeMachine(1)
        machine.online = plugged
        machine.running = runs.intersection(plugged)
        const before = machine.running
        await expect(machine.scale(target, { guest: true })).resolves.toMatchObject({ online: target })
        expect([machine.online.size, machine.running.size]).toEqual([target, target])
        // Nothing that runs is given back while more than needed do not.
        const lost = before.difference(machine.running).size
        expect(lost).toBe(Math.max(0, before.size - target))
      }),
    )
  })
})

describe('a roll-back', () => {
  test('turns off again what was only turned on, and leaves it plugged', async () => {
    const machine = new FakeMachine(3, failAt(3, new CommandError('device_add', 'GenericError', 'no room')))
    machine.running = CpuMap.parse('0-1')
    const { error } = await collect(machine.scale(4, { guest: true, rollback: true }))
    expect(error).toMatchObject({ outcome: 'rejected', rolledBack: CpuMap.of(2), changed: CpuMap.empty })
    expect(machine.asked).toEqual(['+2', '+3', 'off 2'])
    expect([String(machine.online), String(machine.running)]).toEqual(['0-2', '0-1'])
  })

  test('plugs again without the guest what the guest did not run', async () => {
    const machine = new FakeMachine(4, failAt(2, new CommandError('device_del', 'GenericError', 'busy')))
    machine.running = CpuMap.parse('0-2')
    await collect(machine.scale(2, { guest: true, rollback: true }))
    expect(machine.asked).toEqual(['-3', '-2', '+3'])
    expect([String(machine.online), String(machine.running)]).toEqual(['0-3', '0-2'])
  })
})

describe('a domain', () => {
  test('reaches a count that the guest runs', async () => {
    const { qemu, agent, domain } = await vm()
    await domain.setVcpuState(2, true)
    await until(async () => (await domain.getGuestMaps()).possible.size === 3)
    expect(await domain.scale(3, { guest: true })).toMatchObject({ changed: CpuMap.of(2), online: 3 })
    expect(changesSent(qemu)).toHaveLength(1)
    expect(changesSent(agent)).toHaveLength(1)
    await domain.setVcpuState(3, true)
    expect(await domain.scale(3, { guest: true })).toMatchObject({ changed: CpuMap.of(3), online: 3 })
    expect(String(await domain.getVcpuMap())).toBe('0-2')
  })

  test('two runs follow one another, and both end true', async () => {
    const { domain } = await vm({ bootVcpus: 3 })
    const [up, down] = await Promise.all([domain.scale(6), domain.scale(2)])
    expect([up.online, down.online]).toEqual([6, 2])
    expect((await domain.getVcpuMap()).size).toBe(2)
  })

  test('waiting for the run before it is bounded, and a single change does not wait', async () => {
    const { qemu, domain } = await vm()
    qemu.guest.onUnplug = 'ignore'
    const first = domain.scale(1, { timeoutMs: 1_000 })
    await expect(domain.scale(4, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
      outcome: 'not-sent',
    })
    await expect(domain.setVcpuState(5, true)).resolves.toMatchObject({ changed: CpuMap.of(5) })
    await expect(first).rejects.toMatchObject({ outcome: 'unknown', inDoubt: CpuMap.of(1) })
  })
})
