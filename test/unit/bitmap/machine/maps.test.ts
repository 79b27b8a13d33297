import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  computeGuestMaps,
  computeSlots,
  computeVcpuMaps,
  ContradictionError,
  CpuMap,
  type GuestCpu,
} from '../../../../src/bitmap/index.ts'
import { shuffled } from '../../../support/shuffle.ts'
import { thrownBy } from '../../../support/thrown-by.ts'
import { cpuId, cpuIds, notCpuIds } from '../ids.ts'
import { pseries, s390x, x86 } from './machines.ts'
import { boot, repliesOf, toggle, type Vm } from './vm.ts'
import { without } from './without.ts'

function texts(maps: object): Record<string, string> {
  return Object.fromEntries(Object.entries(maps).map(([name, map]) => [name, String(map)]))
}

function vcpuTexts(vm: Vm): Record<string, string> {
  const { hotpluggable, plugged } = repliesOf(vm)
  return texts(computeVcpuMaps(computeSlots(hotpluggable, plugged)))
}

describe('computeVcpuMaps', () => {
  it('of x86 with a hole', () => {
    const vm = toggle(toggle(boot(x86([['socket-id', 2], ['core-id', 4]]), 2), 5, 0), 1, 1) // prettier-ignore
    expect(vcpuTexts(vm)).toEqual({ online: '0,5', onlinable: '1-4,6-7', offlinable: '5', possible: '0-7' })
  })

  it('of pseries, whole cores at a time', () => {
    const vm = toggle(boot(pseries(4, 4), 1), 3, 0)
    expect(vcpuTexts(vm)).toEqual({ online: '0-3,12-15', onlinable: '4-11', offlinable: '12-15', possible: '0-15' })
  })

  it('of s390x, which never lets one go', () => {
    const vm = toggle(boot(s390x(6, true, 1), 2), 5, 0)
    expect(vcpuTexts(vm)).toEqual({ online: '0-1,5', onlinable: '2-4', offlinable: '', possible: '0-5' })
  })

  it('of s390x, known by either of its two marks', () => {
    const { hotpluggable, plugged } = repliesOf(boot(s390x(3, false, 1), 3))
    const renamed = hotpluggable.map((slot) => ({ ...slot, type: 'a-cpu' }))
    const untold = plugged.map((cpu) => without(cpu, 'target'))
    expect(computeVcpuMaps(computeSlots(renamed, plugged)).offlinable.size).toBe(0)
    expect(computeVcpuMaps(computeSlots(hotpluggable, untold)).offlinable.size).toBe(0)
    expect(String(computeVcpuMaps(computeSlots(renamed, untold)).offlinable)).toBe('1-2')
  })

  it('of no slots', () => {
    expect(texts(computeVcpuMaps([]))).toEqual({ online: '', onlinable: '', offlinable: '', possible: '' })
  })
})

function guestCpu(id: number, online: boolean, canOffline?: boolean): GuestCpu {
  return { 'logical-id': id, online, ...(canOffline !== undefined && { 'can-offline': canOffline }) }
}

const guestCpus: fc.Arbitrary<GuestCpu[]> = fc.uniqueArray(
  fc.tuple(cpuId, fc.boolean(), fc.constantFrom(true, false, undefined)).map((args) => guestCpu(...args)),
  { selector: (cpu) => cpu['logical-id'], maxLength: 40 },
)

describe('computeGuestMaps', () => {
  const reply = [
    guestCpu(6, false),
    guestCpu(0, true, false),
    guestCpu(5, false, true),
    guestCpu(4, false, false),
    guestCpu(3, false, true),
    guestCpu(2, true),
    guestCpu(1, true, true),
  ]

  it('sorts the guest CPUs by what can be done with them', () => {
    expect(texts(computeGuestMaps(reply))).toEqual({
      online: '0-2',
      offline: '3-6',
      offlinable: '1',
      onlinable: '3,5',
      possible: '0-6',
    })
  })

  it('leaves out of onlinable what is not present, and out of nothing else', () => {
    expect(texts(computeGuestMaps(reply, CpuMap.parse('0-3')))).toEqual({
      online: '0-2',
      offline: '3-6',
      offlinable: '1',
      onlinable: '3',
      possible: '0-6',
    })
  })

  it('keeps the laws of the five maps for any reply', () => {
    const present = fc.option(
      cpuIds.map((ids) => CpuMap.from(ids)),
      { nil: undefined },
    )
    fc.assert(
      fc.property(guestCpus, present, fc.nat(), (cpus, there, order) => {
        const maps = computeGuestMaps(cpus, there)
        const { online, offline, offlinable, onlinable, possible } = maps
        expect(offlinable.isSubsetOf(online)).toBe(true)
        expect(onlinable.isSubsetOf(offline)).toBe(true)
        expect(onlinable.intersection(online).size).toBe(0)
        expect(online.union(offline).equals(possible)).toBe(true)
        expect(online.intersection(offline).size).toBe(0)
        if (there !== undefined) expect(onlinable.isSubsetOf(there)).toBe(true)
        expect(possible.size).toBe(cpus.length)
        for (const cpu of cpus) {
          const id = cpu['logical-id']
          const can = cpu['can-offline'] === true
          expect(online.has(id)).toBe(cpu.online)
          expect(offlinable.has(id)).toBe(cpu.online && can)
          expect(onlinable.has(id)).toBe(!cpu.online && can && (there?.has(id) ?? true))
        }
        expect(texts(computeGuestMaps(shuffled(cpus, order), there))).toEqual(texts(maps))
      }),
    )
  })

  it('refuses one logical-id twice, naming both entries', () => {
    const error = thrownBy(() => computeGuestMaps([guestCpu(1, true), guestCpu(3, true), guestCpu(1, false)]))
    expect(error).toBeInstanceOf(ContradictionError)
    expect(String(error)).toContain('logical-id 1 in entry 0 (online true)')
    expect(String(error)).toContain('again in entry 2 (online false)')
  })

  it.each(notCpuIds)('refuses logical-id %d, naming the valid range', (id) => {
    const error = thrownBy(() => computeGuestMaps([guestCpu(0, true), guestCpu(id, true)]))
    expect(error).toBeInstanceOf(ContradictionError)
    expect(String(error)).toContain(
      `entry 1 of guest-get-vcpus has logical-id ${id}, and ids are the integers 0 to 65535`,
    )
  })
})
