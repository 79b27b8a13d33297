import { expectTypeOf, test } from 'vitest'
import type { WIRE_CHANNEL } from 'qemu-vcpu'
import {
  foreignText,
  foreignValue,
  printable,
  quote,
  systemClock,
  type Clock,
  type EventStream,
  type Timer,
  type WireLimits,
  type WireTrace,
  type WireTraceEntry,
} from 'qemu-vcpu'

test('a clock of the caller’s own', () => {
  expectTypeOf<Clock>().toEqualTypeOf<{ now: () => number; after: (ms: number, task: () => void) => Timer }>()
  expectTypeOf<Timer>().toEqualTypeOf<{ cancel: () => void; unref: () => void }>()
  expectTypeOf(systemClock).toEqualTypeOf<Clock>()
})

test('a trace of all traffic', () => {
  expectTypeOf<WireTrace>().toEqualTypeOf<(entry: WireTraceEntry) => void>()
  expectTypeOf<WireTraceEntry>().toEqualTypeOf<{
    readonly label: string
    readonly vm?: string | undefined
    readonly direction: 'in' | 'out'
    readonly bytes: Uint8Array
  }>()
  expectTypeOf<typeof WIRE_CHANNEL>().toEqualTypeOf<'qemu-vcpu:wire'>()
})

test('the limits of a connection, each a number', () => {
  expectTypeOf<WireLimits>().toEqualTypeOf<{
    readonly messageBytes: number
    readonly depth: number
    readonly elements: number
    readonly shapes: number
    readonly stringBytes: number
    readonly events: number
    readonly eventBytes: number
    readonly pending: number
    readonly unsentBytes: number
    readonly junkBytes: number
    readonly dialMs: number
    readonly greetingMs: number
    readonly syncMs: number
    readonly commandMs: number
    readonly lineMs: number
  }>()
})

test('an event stream has one reader, and can be disposed of', () => {
  expectTypeOf<Omit<EventStream<string>, symbol>>().toEqualTypeOf<{
    next: () => Promise<IteratorResult<string>>
    return: () => Promise<IteratorResult<string>>
    push: (event: string, bytes?: number) => void
    end: (failure?: Error) => void
  }>()
  expectTypeOf<EventStream<string>>().toExtend<AsyncIterableIterator<string> & AsyncDisposable>()
})

test('text of others for a terminal or a log', () => {
  expectTypeOf(foreignText).toEqualTypeOf<(text: string, max?: number) => string>()
  expectTypeOf(foreignValue).toEqualTypeOf<(value: unknown, max?: number) => string>()
  expectTypeOf(printable).toEqualTypeOf<(text: string) => string>()
  expectTypeOf(quote).toEqualTypeOf<(value: unknown) => string>()
})
