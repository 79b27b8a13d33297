import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { computeSlots, ContradictionError } from '../../../../src/bitmap/index.ts'
import { thrownBy } from '../../../support/thrown-by.ts'
import { understoodMachine } from './machines.ts'
import { emptied, stray, text, ways, type Spoilt } from './spoilt-replies.ts'
import { boot, repliesOf, toggle, vmOf, type Replies, type Vm } from './vm.ts'

/** Slots enough for every way to find its victim: at least two filled ones and an empty one. */
const roomyVm = vmOf(understoodMachine.filter(({ slots }) => slots.length >= 4)).map((vm): Vm => {
  const second = vm.filled.length < 2 ? toggle(vm, 2, 50) : vm
  return second.filled.length === vm.machine.slots.length ? boot(vm.machine, 2) : second
})

function requireRefusal({ hotpluggable, plugged, sides }: Spoilt): void {
  const error = thrownBy(() => computeSlots(hotpluggable, plugged))
  expect(error).toBeInstanceOf(ContradictionError)
  expect(error).toMatchObject({ code: 'ERR_CONTRADICTION', outcome: undefined })
  for (const side of sides) expect(String(error)).toContain(side)
}

describe('computeSlots refuses', () => {
  it.each(Object.entries(ways))('%s', (_name, spoil) => {
    let spoiltRuns = 0
    fc.assert(
      fc.property(roomyVm, fc.nat(0xffff), (vm, pick) => {
        const spoilt = spoil(repliesOf(vm), pick)
        if (spoilt === undefined) return
        requireRefusal(spoilt)
        spoiltRuns++
      }),
    )
    expect(spoiltRuns).toBeGreaterThan(50)
  })

  it('a slot listed twice, on any machine that it understands', () => {
    fc.assert(
      fc.property(roomyVm, fc.nat(0xffff), (vm, pick) => {
        const { hotpluggable, plugged } = repliesOf(vm)
        const at = pick % hotpluggable.length
        const twice = hotpluggable.slice(at, at + 1).map(emptied)
        const props = text(twice[0]?.props)
        const sides = [`entry ${at} ${props}`, `entry ${hotpluggable.length} ${props}`, 'in the same place']
        requireRefusal({ hotpluggable: [...hotpluggable, ...twice], plugged, sides })
      }),
    )
  })

  it('a vCPU with the index of an empty slot before its own', () => {
    const machines = understoodMachine.filter(({ slots }) => slots.length >= 3)
    fc.assert(
      fc.property(machines, fc.nat(), (machine, pick) => {
        const at = 2 + (pick % (machine.slots.length - 2))
        const { hotpluggable, plugged } = repliesOf(toggle(boot(machine, 1), at, 0))
        const slot = machine.slots[at]
        const index = machine.slots[1]?.firstId ?? 0
        const moved = plugged.map((cpu) => (cpu['cpu-index'] === slot?.firstId ? { ...cpu, 'cpu-index': index } : cpu))
        const sides = [`cpu-index ${index} at "/machine/peripheral/vcpu0`, `denies: slot ${text(slot?.props)}`]
        requireRefusal({ hotpluggable, plugged: moved, sides })
      }),
    )
  })

  it('in few words, however long the texts of either side are', () => {
    const path = `/machine/${'\u001b'.repeat(100_000)}`
    const props = { 'socket-id': 0, 'x-note': 'n'.repeat(100_000) }
    const slot = { type: 'a-cpu', 'vcpus-count': 1, props, 'qom-path': path }
    const cpu = { ...stray(0), 'qom-path': path }
    const pairs: Replies[] = [
      { hotpluggable: [], plugged: [cpu] },
      { hotpluggable: [slot, slot], plugged: [cpu] },
      { hotpluggable: [slot], plugged: [] },
      { hotpluggable: [slot], plugged: [{ ...cpu, 'cpu-index': 7 }] },
      { hotpluggable: [slot], plugged: [cpu, cpu] },
      { hotpluggable: [emptied(slot)], plugged: [cpu] },
      { hotpluggable: [{ ...slot, 'vcpus-count': 0 }], plugged: [cpu] },
      { hotpluggable: [{ ...slot, 'vcpus-count': 65_537 }], plugged: [cpu] },
    ]
    for (const { hotpluggable, plugged } of pairs) {
      const error = thrownBy(() => computeSlots(hotpluggable, plugged))
      expect(error).toBeInstanceOf(ContradictionError)
      expect(String(error).length).toBeLessThan(1300)
      expect(String(error)).toMatch(/^[\x20-\x7e]+$/)
    }
  })
})
