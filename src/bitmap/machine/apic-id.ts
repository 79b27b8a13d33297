import type { CpuInstanceProperties } from './replies.ts'

/** The largest APIC id without x2APIC; 255 means "all". */
export const MAX_XAPIC_ID = 254

/** The levels of an APIC id below the socket, from the highest bits to the lowest (QEMU's include/hw/i386/topology.h). */
const LEVELS = ['die-id', 'module-id', 'core-id', 'thread-id'] as const
const SOCKET = 'socket-id'

/** A slot, as far as its place decides. */
interface Placed {
  readonly props: CpuInstanceProperties
}

/** Whether CPUs of that architecture have APIC ids. */
export function isX86(target: string | undefined): boolean {
  return target === 'x86_64' || target === 'i386'
}

/**
 * Gives the APIC id of each slot of an x86 machine. QEMU does not list it; it is laid out in bit fields, each as wide as
 * its level needs anywhere in the machine, so that it may be larger than the cpu-index.
 *
 * @returns the APIC id of a slot, or `undefined` where its place is not told in numbers
 */
export function apicIds(slots: readonly Placed[]): (slot: Placed) => number | undefined {
  const widths = LEVELS.map((level) => bitsFor(largestOf(slots, level)))
  return ({ props }) => {
    let apicId = levelId(props[SOCKET])
    for (let at = 0; at < LEVELS.length && apicId !== undefined; at++) {
      const id = levelId(props[LEVELS[at] ?? SOCKET])
      apicId = id === undefined ? undefined : apicId * 2 ** (widths[at] ?? 0) + id
    }
    return apicId
  }
}

/** Whether no slot of an x86 machine can have a larger APIC id than that. May say no where yes would be true. */
export function areApicIdsWithin(slots: readonly Placed[], most: number): boolean {
  const widest = LEVELS.reduce((sum, level) => sum + bitsFor(largestOf(slots, level)), 0)
  return (largestOf(slots, SOCKET) + 1) * 2 ** widest - 1 <= most
}

function largestOf(slots: readonly Placed[], level: string): number {
  let largest = 0
  for (const { props } of slots) {
    const id = levelId(props[level])
    if (id !== undefined && id > largest) largest = id
  }
  return largest
}

/** 0 where the level is not named; `undefined` for what is not a number of a place: it is a peer's, and may be anything. */
function levelId(value: unknown = 0): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined
}

function bitsFor(largest: number): number {
  return largest <= 0 ? 0 : Math.floor(Math.log2(largest)) + 1
}
