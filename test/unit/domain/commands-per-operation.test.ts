// What each operation costs, in commands that QEMU receives: no slow day changes it.
import { describe, expect, test } from 'vitest'
import { CpuMap } from '../../../src/index.ts'
import { timedDomain, type TimedDomain } from '../../support/timed-domain.ts'

/** One reading of all slots: two queries, sent together. */
const LOOK = ['query-hotpluggable-cpus', 'query-cpus-fast']

async function machine(maxcpus: number, bootVcpus = 1) {
  const domain = await timedDomain({ machine: { kind: 'x86', bootVcpus, maxcpus } })
  // What the machine is, is asked once.
  await domain.clock.run(domain.domain.getVcpuMaps())
  return domain
}

/** The commands that QEMU receives while something is done. */
async function commandsOf({ clock, vm }: TimedDomain, act: () => PromiseLike<unknown>): Promise<string[]> {
  const before = vm.qemu.commands.length
  await clock.run(Promise.resolve(act()))
  return vm.qemu.commands.slice(before).map(({ command }) => command)
}

function count(commands: readonly string[], name: string): number {
  return commands.filter((command) => command === name).length
}

describe('commands', () => {
  test('of all maps: one look', async () => {
    const vm = await machine(16)
    expect(await commandsOf(vm, () => vm.domain.getVcpuMaps())).toEqual(LOOK)
  })

  test('of a plug: itself and the look after it, which is the one before the next', async () => {
    const vm = await machine(16)
    for (const id of [1, 2, 3]) {
      expect(await commandsOf(vm, () => vm.domain.setVcpuState(id, true))).toEqual(['device_add', ...LOOK])
    }
    // Some time later others may have plugged something, which is not heard.
    await vm.clock.advance(1_500)
    expect(await commandsOf(vm, () => vm.domain.setVcpuState(4, true))).toEqual([...LOOK, 'device_add', ...LOOK])
  })

  test('of what is so already: a look', async () => {
    const vm = await machine(16)
    await vm.clock.run(vm.domain.setVcpuState(1, true))
    for (const [id, online] of [
      [1, true],
      [0, true],
      [5, false],
    ] as const)
      // prettier-ignore
      expect(await commandsOf(vm, () => vm.domain.setVcpuState(id, online))).toEqual(LOOK)
  })

  test('of an unplug: itself and the looks at whether the slot is empty', async () => {
    const vm = await machine(16, 4)
    const commands = await commandsOf(vm, () => vm.domain.setVcpuState(3, false))
    expect(commands[0]).toBe('device_del')
    expect(count(commands, 'device_del')).toBe(1)
    expect(commands.slice(-2)).toEqual(LOOK)
  })

  test.each([8, 64, 255])('of a run: one look, and one for each plug, of %d slots', async (maxcpus) => {
    const vm = await machine(maxcpus)
    const plugs = 7
    const commands = await commandsOf(vm, () => vm.domain.scale(1 + plugs))
    expect(count(commands, 'device_add')).toBe(plugs)
    expect(count(commands, 'query-cpus-fast')).toBe(1 + plugs)
    expect(commands).toHaveLength(2 + 3 * plugs)
  })

  test('of a run grow as the slots that it fills', async () => {
    const lengths: number[] = []
    for (const plugs of [10, 20, 40]) {
      const vm = await machine(64)
      lengths.push((await commandsOf(vm, () => vm.domain.setVcpuStates(CpuMap.range(1, plugs), true))).length)
    }
    expect(lengths).toEqual([32, 62, 122])
  })

  test('of a list: one look and one listing by the guest, once each CPU has said which it is', async () => {
    const vm = await machine(16, 4)
    await vm.clock.run(vm.domain.vcpus())
    const asked = vm.vm.agent?.commands.length ?? 0
    expect(await commandsOf(vm, () => vm.domain.vcpus())).toEqual(LOOK)
    expect(vm.vm.agent?.commands.slice(asked).map(({ command }) => command)).toEqual(['guest-get-vcpus'])
  })
})
