import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CpuMap, InputError, MAX_CPU_ID } from '../../../../src/bitmap/index.ts'
import { thrownBy } from '../../../support/thrown-by.ts'
import { ascending, cpuIds, notCpuIds } from '../ids.ts'

describe('a hex mask', () => {
  it.each([
    ['', undefined, '00000000'],
    ['0-7', undefined, '000000ff'],
    ['31', undefined, '80000000'],
    ['32', undefined, '00000001,00000000'],
    ['0-7', 64, '00000000,000000ff'],
    ['0-1', 4, '3'],
    ['0-1', 5, '03'],
    ['0-1', 1 + 32, '0,00000003'],
    ['0,35', 36, '8,00000001'],
    ['', 1, '0'],
  ])('of %j with %s bits is %s', (text, bits, mask) => {
    expect(CpuMap.parse(text).toHexMask({ bits })).toBe(mask)
    expect(CpuMap.fromHexMask(mask).toString()).toBe(text)
  })

  it.each([
    ['ff', '0-7'],
    ['FF\n', '0-7'],
    ['0xff', '0-7'],
    [' 0X3 ', '0-1'],
    ['1,0', '32'],
    ['ffffffff', '0-31'],
    ['00000000,000000ff', '0-7'],
    [`${'0,'.repeat(3000)}1`, '0'],
    [`80000000${',00000000'.repeat(2047)}`, '65535'],
  ])('%s is read as %s', (mask, text) => {
    expect(CpuMap.fromHexMask(mask).toString()).toBe(text)
  })

  it.each([
    ['', '""'],
    ['g', '"g"'],
    ['1,,1', '""'],
    ['1,', '""'],
    ['123456789', '"123456789"'],
    ['0x123456789', '"0x123456789"'],
    ['0x1,00000000', '"0x1"'],
    ['1,0x00000000', '"0x00000000"'],
    ['0x', '"0x"'],
    ['-1', '"-1"'],
    ['1, 1', '" 1"'],
    [`1${',00000000'.repeat(2048)}`, '"1,00000000'],
    ['f'.repeat(1_000_000), '"ffff'],
  ])('%.40s is refused', (mask, named) => {
    const error = thrownBy(() => CpuMap.fromHexMask(mask))
    expect(error).toBeInstanceOf(InputError)
    expect(error).toMatchObject({ code: 'ERR_HEX_MASK' })
    expect(String(error)).toContain(`InputError: ${named}`)
    expect(String(error)).toMatch(/hex digits|ids 0 to 65535|at most 65536 characters/)
    expect(String(error).length).toBeLessThan(250)
  })

  it('refuses a width that an id does not fit in', () => {
    const error = thrownBy(() => CpuMap.of(2, 8).toHexMask({ bits: 8 }))
    expect(error).toMatchObject({ name: 'InputError', code: 'ERR_HEX_MASK' })
    expect(String(error)).toContain('CPU 8 is not in a mask of 8 bits: it ends at 7')
    expect(CpuMap.of(2, 8).toHexMask({ bits: 9 })).toBe('104')
  })

  it.each([0, ...notCpuIds.filter((bits) => bits !== MAX_CPU_ID + 1)])('refuses a width of %d bits', (bits) => {
    expect(thrownBy(() => CpuMap.empty.toHexMask({ bits }))).toMatchObject({ code: 'ERR_HEX_MASK' })
  })

  it('survives the round trip at any width, and is the number it spells', () => {
    fc.assert(
      fc.property(cpuIds, fc.nat(100), (ids, spare) => {
        const map = CpuMap.from(ids)
        const bits = Math.min((map.last() ?? 0) + 1 + spare, MAX_CPU_ID + 1)
        for (const mask of [map.toHexMask(), map.toHexMask({ bits })]) {
          expect([...CpuMap.fromHexMask(mask)]).toEqual(ascending(ids))
          expect(BigInt(`0x${mask.replaceAll(',', '')}`)).toBe(ids.reduce((sum, id) => sum | (1n << BigInt(id)), 0n))
        }
        const digits = map.toHexMask({ bits }).replaceAll(',', '').length
        expect(digits).toBe(Math.floor(bits / 32) * 8 + Math.ceil((bits % 32) / 4))
      }),
    )
  })
})
