import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HotpluggableCpu } from '../../../../src/bitmap/index.ts'
import { orderSlots } from '../../../../src/bitmap/machine/slot-order.ts'
import { thrownBy } from '../../../support/thrown-by.ts'
import { pseries, s390x, x86 } from './machines.ts'
import { boot, repliesOf } from './vm.ts'

function slots(count: number, ...props: HotpluggableCpu['props'][]): HotpluggableCpu[] {
  return props.map((own) => ({ type: 'a-cpu', 'vcpus-count': count, props: own }))
}

/** `[first id, a property's value]` in the order found. */
function numbered(reply: readonly HotpluggableCpu[], name: string): unknown[] {
  return orderSlots(reply).map(({ firstId, slot }) => [firstId, slot.props[name]])
}

describe('orderSlots', () => {
  it('takes the core-ids of s390x for the indexes, whatever books the slots are in', () => {
    const reply = slots(
      1,
      { 'core-id': 2, 'drawer-id': 0, 'book-id': 0, 'socket-id': 0 },
      { 'core-id': 0, 'drawer-id': 1, 'book-id': 1, 'socket-id': 0 },
      { 'core-id': 1, 'drawer-id': 0, 'book-id': 1, 'socket-id': 0 },
    )
    expect(numbered(reply, 'core-id')).toEqual([[0, 0], [1, 1], [2, 2]]) // prettier-ignore
  })

  it('takes the core-ids of pseries for the indexes, which count in threads', () => {
    const reply = slots(4, { 'core-id': 8 }, { 'core-id': 0 }, { 'core-id': 4 })
    expect(numbered(reply, 'core-id')).toEqual([[0, 0], [4, 4], [8, 8]]) // prettier-ignore
  })

  it('sums up the counts where core-ids step by one and slots are larger', () => {
    const reply = slots(4, { 'core-id': 1 }, { 'core-id': 0 })
    expect(numbered(reply, 'core-id')).toEqual([[0, 0], [4, 1]]) // prettier-ignore
  })

  it('sums up counts that differ from slot to slot', () => {
    const reply = [
      ...slots(2, { 'socket-id': 1, 'core-id': 0 }),
      ...slots(3, { 'socket-id': 0, 'core-id': 0 }),
      ...slots(1, { 'socket-id': 0, 'core-id': 1 }),
    ]
    expect(orderSlots(reply).map(({ firstId }) => firstId)).toEqual([0, 3, 4])
  })

  it('orders by the outer level before the inner one, every level in its place', () => {
    const levels = ['drawer-id', 'book-id', 'socket-id', 'die-id', 'cluster-id', 'module-id', 'core-id', 'thread-id']
    for (const [at, outer] of levels.entries()) {
      for (const inner of levels.slice(at + 1)) {
        const reply = slots(
          1,
          { [inner]: 0, [outer]: 1 },
          { [inner]: 10, [outer]: 0 },
          { [inner]: 9, [outer]: 0 },
          { [inner]: 2, [outer]: 0 },
        )
        expect(numbered(reply, inner)).toEqual([[0, 2], [1, 9], [2, 10], [3, 0]]) // prettier-ignore
      }
    }
  })

  it('takes no notice of NUMA nodes', () => {
    const reply = slots(1, { 'node-id': 0, 'socket-id': 1 }, { 'node-id': 1, 'socket-id': 0 })
    expect(numbered(reply, 'node-id')).toEqual([[0, 1], [1, 0]]) // prettier-ignore
  })

  it.each([
    ['a name that it does not know', { 'tile-id': 0 }, { 'tile-id': 1 }],
    ['a name that objects inherit', JSON.parse('{"__proto__":0}'), JSON.parse('{"__proto__":1}')],
    ['a level that is no number', { 'socket-id': 'a' }, { 'socket-id': 'b' }],
    ['a level below zero', { 'socket-id': -2 }, { 'socket-id': -1 }],
    ['a fraction', { 'die-id': 0.5 }, { 'die-id': 1.5 }],
    ['an odd NUMA node', { 'node-id': null }, { 'node-id': 'x' }],
  ] as [string, HotpluggableCpu['props'], HotpluggableCpu['props']][])(
    'reads the reply backwards when it has %s',
    (_what, one, other) => {
      const props = [
        { ...one, 'core-id': 0 },
        { ...one, 'core-id': 1 },
        { ...other, 'core-id': 0 },
      ]
      const backwards = orderSlots(slots(2, ...props)).map(({ firstId, slot }) => [firstId, slot.props])
      expect(backwards).toEqual([[0, props[2]], [2, props[1]], [4, props[0]]]) // prettier-ignore
    },
  )

  it('finds the same order however the reply is listed', () => {
    const levels = ['socket-id', 'die-id', 'core-id', 'thread-id'] as const
    // Absent levels count as 0, so two that look different may be in the same place: those are left out.
    const place = fc.tuple(...levels.map(() => fc.option(fc.nat(3), { nil: undefined })))
    const places = fc.uniqueArray(place, { maxLength: 20, selector: (ids) => ids.map((id) => id ?? 0).join() })
    fc.assert(
      fc.property(places, fc.constantFrom('up', 'down', 'as it came'), (all, way) => {
        // No core-id can be the index: the first slot is larger than any of them.
        const ascending = all.toSorted((a, b) => {
          const at = levels.findIndex((_, level) => (a[level] ?? 0) !== (b[level] ?? 0))
          return (a[at] ?? 0) - (b[at] ?? 0)
        })
        const listed = { up: ascending, down: ascending.toReversed(), 'as it came': all }[way]
        const reply = slots(
          5,
          ...listed.map((ids) =>
            Object.fromEntries(levels.flatMap((level, at) => (ids[at] === undefined ? [] : [[level, ids[at]]]))),
          ),
        )
        const expected = ascending.map((ids, at) => [at * 5, ids.map((id) => id ?? 0)])
        const found = orderSlots(reply).map(({ firstId, slot }) => [
          firstId,
          levels.map((level) => slot.props[level] ?? 0),
        ])
        expect(found).toEqual(expected)
      }),
    )
  })

  it('numbers nothing in an empty reply', () => {
    expect(orderSlots([])).toEqual([])
  })

  it.each([
    x86([
      ['socket-id', 2],
      ['core-id', 2],
      ['thread-id', 2],
    ]),
    pseries(3, 8),
    s390x(5, true, 7),
  ])(
    // prettier-ignore
    'agrees with reading the reply backwards: $kind',
    (machine) => {
      const { hotpluggable } = repliesOf(boot(machine, 1))
      expect(orderSlots(hotpluggable).map(({ slot }) => slot)).toEqual([...hotpluggable].reverse())
    },
  )

  it('refuses two slots in the same place, naming both', () => {
    const reply = slots(1, { 'socket-id': 1, 'core-id': 0 }, { 'core-id': 0 }, { 'socket-id': 0, 'node-id': 1 })
    const error = thrownBy(() => orderSlots(reply))
    expect(error).toMatchObject({ name: 'ContradictionError', code: 'ERR_CONTRADICTION' })
    expect(String(error)).toContain('entry 1 {"core-id":0} and entry 2 {"socket-id":0,"node-id":1}')
  })
})
