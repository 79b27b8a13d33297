import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { computeVcpuMaps, ContradictionError, fixedSlots, type CpuFast } from '../../../../src/bitmap/index.ts'
import { shuffled } from '../../../support/shuffle.ts'
import { thrownBy } from '../../../support/thrown-by.ts'
import { ascending, cpuIds } from '../ids.ts'

function cpu(index: number, props?: CpuFast['props']): CpuFast {
  return {
    'cpu-index': index,
    'qom-path': `/machine/unattached/device[${index}]`,
    'thread-id': 100 + index,
    ...(props !== undefined && { props }),
  }
}

describe('fixedSlots', () => {
  it('makes a slot of each vCPU that runs', () => {
    const props = { 'core-id': 1 }
    const slots = fixedSlots([cpu(4, props), cpu(0)])
    expect(slots.map(({ ids, ...slot }) => ({ ...slot, ids: String(ids) }))).toEqual([
      {
        firstId: 0,
        count: 1,
        ids: '0',
        type: '',
        props: {},
        qomPath: '/machine/unattached/device[0]',
        vcpus: [{ id: 0, qomPath: '/machine/unattached/device[0]', hostThreadId: 100 }],
        offlinable: false,
      },
      {
        firstId: 4,
        count: 1,
        ids: '4',
        type: '',
        props,
        qomPath: '/machine/unattached/device[4]',
        vcpus: [{ id: 4, qomPath: '/machine/unattached/device[4]', hostThreadId: 104 }],
        offlinable: false,
      },
    ])
  })

  it('has nothing to plug or unplug, in any order of the reply', () => {
    fc.assert(
      fc.property(cpuIds, fc.nat(), (ids, order) => {
        const slots = fixedSlots(
          shuffled(
            ids.map((id) => cpu(id)),
            order,
          ),
        )
        const maps = computeVcpuMaps(slots)
        expect([...maps.online]).toEqual(ascending(ids))
        expect(maps.possible.equals(maps.online)).toBe(true)
        expect(maps.onlinable.size + maps.offlinable.size).toBe(0)
        expect(slots.map(({ firstId }) => firstId)).toEqual(ascending(ids))
      }),
    )
  })

  it('refuses one cpu-index twice, naming both vCPUs', () => {
    const error = thrownBy(() => fixedSlots([cpu(1), cpu(0), { ...cpu(1), 'qom-path': '/other' }]))
    expect(error).toBeInstanceOf(ContradictionError)
    expect(String(error)).toContain('cpu-index 1 at "/machine/unattached/device[1]"')
    expect(String(error)).toContain('cpu-index 1 at "/other"')
  })

  it.each([-1, 65_536, 0.5])('refuses cpu-index %d', (index) => {
    const error = thrownBy(() => fixedSlots([cpu(index)]))
    expect(error).toBeInstanceOf(ContradictionError)
    expect(String(error)).toContain(`cpu-index ${index} at `)
  })
})
