import { expectTypeOf, test } from 'vitest'
import type { MAX_CPU_ID } from 'qemu-vcpu'
import { CpuMap, isCpuId, type HexMaskOptions, type MaskBytesOptions } from 'qemu-vcpu'
import type { CpuMap as SameMap } from 'qemu-vcpu/bitmap'

test('a map is a set of numbers that never changes, in every spelling', () => {
  expectTypeOf<Omit<CpuMap, symbol>>().toEqualTypeOf<{
    readonly size: number
    has: (id: number) => boolean
    first: () => number | undefined
    last: () => number | undefined
    union: (other: CpuMap) => CpuMap
    intersection: (other: CpuMap) => CpuMap
    difference: (other: CpuMap) => CpuMap
    isSubsetOf: (other: CpuMap) => boolean
    equals: (other: CpuMap) => boolean
    toBytes: (options?: MaskBytesOptions) => Uint8Array
    toHexMask: (options?: HexMaskOptions) => string
    toJSON: () => string
    toString: () => string
  }>()
  expectTypeOf<CpuMap>().toExtend<Iterable<number>>()
  expectTypeOf<SameMap>().toEqualTypeOf<CpuMap>()
  // @ts-expect-error: an array is not a map
  expectTypeOf<number[]>().toExtend<CpuMap>()
})

test('it is made from ids, text, masks and bytes, and not by new', () => {
  // Without what is stripped from the types of the package.
  expectTypeOf<Omit<typeof CpuMap, 'prototype' | 'ofWords'>>().toEqualTypeOf<{
    readonly empty: CpuMap
    of: (...ids: readonly number[]) => CpuMap
    from: (ids: Iterable<number>) => CpuMap
    range: (first: number, last: number) => CpuMap
    parse: (text: string) => CpuMap
    fromHexMask: (text: string) => CpuMap
    fromBytes: (bytes: Uint8Array) => CpuMap
  }>()
  // @ts-expect-error: the constructor is private
  expectTypeOf(CpuMap).toBeConstructibleWith([1])
})

test('its options, and what an id is', () => {
  expectTypeOf<HexMaskOptions>().toEqualTypeOf<{ readonly bits?: number | undefined }>()
  expectTypeOf<MaskBytesOptions>().toEqualTypeOf<{ readonly length?: number | undefined }>()
  expectTypeOf<typeof MAX_CPU_ID>().toEqualTypeOf<65535>()
  expectTypeOf(isCpuId).guards.toEqualTypeOf<number>()
})
