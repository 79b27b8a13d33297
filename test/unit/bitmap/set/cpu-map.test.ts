import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CpuMap, InputError, MAX_CPU_ID } from '../../../../src/bitmap/index.ts'
import { thrownBy } from '../../../support/thrown-by.ts'
import { notCpuIds } from '../ids.ts'

describe('CpuMap', () => {
  it('is made from ids in any order, repeats allowed', () => {
    expect([...CpuMap.of(5, 0, 1, 5)]).toEqual([0, 1, 5])
    expect([...CpuMap.from(new Set([64, 3]))]).toEqual([3, 64])
    expect([...CpuMap.range(30, 33)]).toEqual([30, 31, 32, 33])
    expect([...CpuMap.range(7, 7)]).toEqual([7])
    expect([...CpuMap.of()]).toEqual([])
  })

  it('holds the smallest and the largest id', () => {
    const ends = CpuMap.of(0, MAX_CPU_ID)
    expect(ends.size).toBe(2)
    expect(ends.first()).toBe(0)
    expect(ends.last()).toBe(65_535)
    expect(CpuMap.range(0, MAX_CPU_ID).size).toBe(65_536)
  })

  it('has no first and no last id when empty', () => {
    expect(CpuMap.empty.size).toBe(0)
    expect(CpuMap.empty.first()).toBeUndefined()
    expect(CpuMap.empty.last()).toBeUndefined()
    expect(CpuMap.empty.isSubsetOf(CpuMap.empty)).toBe(true)
    expect(CpuMap.of(1).difference(CpuMap.of(1)).equals(CpuMap.empty)).toBe(true)
  })

  it.each(notCpuIds)('says that it has not %d, even with every id in it', (id) => {
    expect(CpuMap.range(0, MAX_CPU_ID).has(id)).toBe(false)
  })

  it.each(notCpuIds)('refuses %d as an id and names the range', (id) => {
    for (const make of [() => CpuMap.of(3, id), () => CpuMap.from([id]), () => CpuMap.range(id, 3)]) {
      const error = thrownBy(make)
      expect(error).toBeInstanceOf(InputError)
      expect(error).toMatchObject({ code: 'ERR_CPU_ID', outcome: 'not-sent' })
      expect(error).toHaveProperty('message', `${id} is not a CPU id: ids are the integers 0 to 65535`)
    }
  })

  it('refuses a range that is upside down', () => {
    expect(thrownBy(() => CpuMap.range(5, 3))).toMatchObject({ code: 'ERR_CPU_LIST', message: /range 5-3/ })
  })

  it('stops reading ids at the first bad one', () => {
    function* naturals(): Generator<number> {
      for (let id = 0; ; id++) yield id
    }
    expect(thrownBy(() => CpuMap.from(naturals()))).toMatchObject({ code: 'ERR_CPU_ID' })
  })

  it('combines maps of different lengths', () => {
    const low = CpuMap.parse('0-3')
    const high = CpuMap.parse('2,70')
    expect(low.union(high).toString()).toBe('0-3,70')
    expect(high.union(low).toString()).toBe('0-3,70')
    expect(low.intersection(high).toString()).toBe('2')
    expect(high.intersection(low).toString()).toBe('2')
    expect(low.difference(high).toString()).toBe('0-1,3')
    expect(high.difference(low).toString()).toBe('70')
    expect(high.isSubsetOf(low)).toBe(false)
    expect(CpuMap.of(70).isSubsetOf(high)).toBe(true)
  })

  it('is its text in JSON, in a template and in console.log', () => {
    const map = CpuMap.of(0, 1, 5)
    expect(JSON.stringify({ map, none: CpuMap.empty })).toBe('{"map":"0-1,5","none":""}')
    expect(String(map)).toBe('0-1,5')
    expect(inspect(map)).toBe("CpuMap '0-1,5'")
    expect(inspect({ map: CpuMap.empty })).toBe("{ map: CpuMap '' }")
  })

  it('is compared by its ids in the assertions of others', () => {
    assert.deepStrictEqual(CpuMap.of(1, 40).difference(CpuMap.of(40)), CpuMap.of(1))
    assert.notDeepStrictEqual(CpuMap.of(1), CpuMap.of(2))
    expect(CpuMap.of(1)).not.toEqual(CpuMap.of(2))
  })
})
