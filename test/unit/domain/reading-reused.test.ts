// The reading after a change is the one before the next. What may have happened in between, and must not be missed.
import { describe, expect, test } from 'vitest'
import type { QmpExecutor } from '../../../src/qmp/index.ts'
import { Domain } from '../../../src/index.ts'
import { timedDomain } from '../../support/timed-domain.ts'

async function plugged(ids: readonly number[] = [2]) {
  const timed = await timedDomain()
  const { clock, vm, domain } = timed
  for (const id of ids) await clock.run(domain.setVcpuState(id, true))
  /** How often the slots are read by what is done. */
  const readingsOf = async (act: () => PromiseLike<unknown>): Promise<number> => {
    const before = vm.qemu.commands.length
    await clock.run(Promise.resolve(act()))
    return vm.qemu.commands.slice(before).filter(({ command }) => command === 'query-cpus-fast').length
  }
  return { ...timed, readingsOf }
}

describe('since the last reading', () => {
  test('another client filled the slot, which is not heard: nothing was changed, and that is no error', async () => {
    const { clock, vm, domain } = await plugged()
    vm.other.plug(3)
    const { changed, online } = await clock.run(domain.setVcpuState(3, true))
    expect([String(changed), online]).toEqual(['', true])
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1, 2, 3])
  })

  test('another client filled a slot that is to be empty: it is emptied', async () => {
    const { clock, vm, domain } = await plugged()
    vm.other.plug(3)
    const { changed } = await clock.run(domain.setVcpuState(3, false))
    expect([String(changed), vm.qemu.pluggedVcpus]).toEqual(['3', [0, 1, 2]])
  })

  test('another client emptied the slot: it is filled again', async () => {
    const { clock, vm, domain, readingsOf } = await plugged()
    vm.other.unplug(2)
    await clock.advance(200)
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1])
    expect(await readingsOf(() => domain.setVcpuState(2, true))).toBe(2)
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1, 2])
  })

  test('another client put another device into the slot: that one is removed', async () => {
    const { clock, vm, domain } = await plugged()
    vm.other.unplug(2)
    await clock.advance(200)
    vm.other.plug(2)
    const { deviceId } = await clock.run(domain.setVcpuState(2, false))
    expect([deviceId, vm.qemu.pluggedVcpus]).toEqual([expect.stringMatching(/^other-/), [0, 1]])
  })

  test.each([
    ['nothing', 1, () => undefined],
    [
      'a reset',
      2,
      ({ vm }) => {
        vm.reset()
      },
    ],
    [
      'the loss of the connection',
      2,
      ({ vm }) => {
        vm.dropMonitor()
      },
    ],
    [
      'another QEMU',
      2,
      ({ vm }) => {
        vm.restart()
      },
    ],
    ['a second', 2, ({ clock }) => clock.advance(1_001)],
  ] as [string, number, (timed: Awaited<ReturnType<typeof plugged>>) => unknown][])(
    'there was %s: slots are read %d times',
    async (_, readings, happen) => {
      const timed = await plugged()
      await happen(timed)
      await timed.clock.advance(1)
      expect(await timed.readingsOf(() => timed.domain.setVcpuState(3, true))).toBe(readings)
    },
  )

  test('no events are heard: slots are read before each change', async () => {
    const { clock, vm } = await plugged([])
    const own = vm.qmpExecutor()
    const qmp: QmpExecutor = { execute: (command, args, options) => own.execute(command, args, options) }
    await using domain = await clock.run(Domain.connect({ qmp, clock }))
    await clock.run(domain.setVcpuState(2, true))
    const before = vm.qemu.commands.length
    await clock.run(domain.setVcpuState(3, true))
    const commands = vm.qemu.commands.slice(before).map(({ command }) => command)
    expect(commands.slice(0, 3)).toEqual(['query-hotpluggable-cpus', 'query-cpus-fast', 'device_add'])
  })

  test('a plug that its caller gave up was carried out: it is not plugged twice', async () => {
    const { clock, vm, domain } = await plugged()
    vm.inject({ at: { command: 'device_add', nth: 1 }, do: 'slow', ms: 300 })
    const first = domain.setVcpuState(3, true, { timeoutMs: 100 }).catch((error: unknown) => error)
    expect(await clock.run(first)).toMatchObject({ outcome: 'unknown' })
    const { changed, online } = await clock.run(domain.setVcpuState(3, true))
    expect([String(changed), online, vm.qemu.pluggedVcpus]).toEqual(['', true, [0, 1, 2, 3]])
  })
})

describe('a run', () => {
  test('sees what another client does between two of its steps', async () => {
    const { clock, vm, domain } = await plugged([])
    const run = domain.scale(6, {
      onStep: ({ step }) => {
        if (step === 'slot-filled' && vm.qemu.pluggedVcpus.length === 3) vm.other.plug(4)
      },
    })
    const { changed, online } = await clock.run(Promise.resolve(run))
    expect([String(changed), online]).toEqual(['2-3,5', 6])
  })
})
