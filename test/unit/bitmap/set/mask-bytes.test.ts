import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CpuMap, InputError, MAX_CPU_ID } from '../../../../src/bitmap/index.ts'
import { thrownBy } from '../../../support/thrown-by.ts'
import { ascending, cpuIds, notCpuIds } from '../ids.ts'

describe('the bytes of a map', () => {
  it.each([
    ['', undefined, []],
    ['0', undefined, [1]],
    ['7-8', undefined, [0x80, 0x01]],
    ['0-3', 2, [0x0f, 0]],
    ['31', undefined, [0, 0, 0, 0x80]],
    ['31', 4, [0, 0, 0, 0x80]],
    ['32', undefined, [0, 0, 0, 0, 1]],
    ['', 3, [0, 0, 0]],
  ])('of %j with length %s are %j', (text, length, bytes) => {
    expect([...CpuMap.parse(text).toBytes({ length })]).toEqual(bytes)
    expect(CpuMap.fromBytes(Uint8Array.from(bytes)).toString()).toBe(text)
  })

  it('may end in any number of zeros', () => {
    const bytes = new Uint8Array(100_000)
    bytes[8191] = 0x80
    expect(CpuMap.fromBytes(bytes).toString()).toBe('65535')
  })

  it('are refused when they hold a bit above the largest id', () => {
    const bytes = new Uint8Array(8193)
    bytes[8192] = 0x05
    const error = thrownBy(() => CpuMap.fromBytes(bytes))
    expect(error).toBeInstanceOf(InputError)
    expect(error).toMatchObject({
      code: 'ERR_CPU_ID',
      message: '65538 is not a CPU id: ids are the integers 0 to 65535',
    })
  })

  it('do not fit in too small a length', () => {
    const error = thrownBy(() => CpuMap.of(8).toBytes({ length: 1 }))
    expect(error).toMatchObject({ name: 'InputError', code: 'ERR_CPU_BYTES' })
    expect(String(error)).toContain('a map of 1 bytes: this one takes an integer from 2 to 8192')
  })

  it.each(notCpuIds)('are not made in a length of %d', (length) => {
    expect(thrownBy(() => CpuMap.empty.toBytes({ length }))).toMatchObject({ code: 'ERR_CPU_BYTES' })
  })

  it('survive the round trip at any length, each bit in its place', () => {
    fc.assert(
      fc.property(cpuIds, fc.nat(20), (ids, spare) => {
        const map = CpuMap.from(ids)
        const least = map.toBytes()
        const padded = map.toBytes({ length: Math.min(least.length + spare, (MAX_CPU_ID + 1) / 8) })
        expect(least.at(-1)).not.toBe(0)
        for (const bytes of [least, padded]) {
          expect([...CpuMap.fromBytes(bytes)]).toEqual(ascending(ids))
          expect(ids.every((id) => (((bytes[Math.floor(id / 8)] ?? 0) >> (id % 8)) & 1) === 1)).toBe(true)
        }
      }),
    )
  })
})
