// The last that is taken, the first that is not, and what is said of it.
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { CpuMap } from '../../../../src/bitmap/index.ts'

test('a list of 524288 characters, and one more', () => {
  const longest = '0'.repeat(524_288)
  expect([...CpuMap.parse(longest)]).toEqual([0])
  expect(() => CpuMap.parse(`0${longest}`)).toThrow('is not a CPU list: a CPU list has at most 524288 characters')
})

test('a mask of 65536 characters, and one more', () => {
  const longest = `1${' '.repeat(65_535)}`
  expect([...CpuMap.fromHexMask(longest)]).toEqual([0])
  expect(() => CpuMap.fromHexMask(`${longest} `)).toThrow('is not a CPU mask: a mask has at most 65536 characters')
})

test('0x begins a mask, and stands nowhere else in it', () => {
  expect([...CpuMap.fromHexMask('0x3')]).toEqual([0, 1])
  expect(() => CpuMap.fromHexMask('10x3')).toThrow('is not a CPU mask')
  expect(() => CpuMap.fromHexMask('0x3,0x3')).toThrow('is not a CPU mask')
})

test('masks of 1 to 65536 bits', () => {
  expect(CpuMap.of(0).toHexMask({ bits: 1 })).toBe('1')
  expect(CpuMap.of(65_535).toHexMask({ bits: 65_536 })).toMatch(/^80000000(,00000000){2047}$/)
  for (const bits of [0, 65_537, 1.5]) {
    expect(() => CpuMap.empty.toHexMask({ bits })).toThrow(
      `a mask of ${bits} bits: it takes an integer from 1 to 65536`,
    )
  }
})

test('cpumaps of up to 8192 bytes', () => {
  expect(CpuMap.of(65_535).toBytes({ length: 8_192 }).at(-1)).toBe(0x80)
  expect(() => CpuMap.empty.toBytes({ length: 8_193 })).toThrow(
    'a map of 8193 bytes: this one takes an integer from 0 to 8192',
  )
})

test('a range that ends before it begins', () => {
  expect(() => CpuMap.range(5, 3)).toThrow('the range 5-3 is upside down: the smaller id comes first')
  expect([...CpuMap.range(3, 3)]).toEqual([3])
})

test('maps of one length, and of two, are equal where their ids are', () => {
  const maps = [[], [0], [1], [0, 1], [0, 32], [1, 32], [32], [33]].map((ids) => CpuMap.from(ids))
  for (const [at, one] of maps.entries()) {
    for (const [other, two] of maps.entries()) expect(one.equals(two)).toBe(at === other)
  }
})

test('console.log shows the ids', () => {
  expect(inspect(CpuMap.parse('0-1,5'))).toBe("CpuMap '0-1,5'")
  expect([...CpuMap.empty]).toEqual([])
})
