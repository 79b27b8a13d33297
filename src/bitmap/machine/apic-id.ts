import type { CpuInstanceProperties } from './replies.ts'

/** The largest APIC id without x2APIC; 255 means "all". */
export const MAX_XAPIC_ID = 254

/** The levels of an APIC id below the socket, from the highest bits to the lowest (QEMU's include/hw/i386/topology.h). */
const LEVELS = ['die-id', 'module-id', 'core-id', 'thread-id'] as const

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
  const widths = LEVELS.map((level) => bitsFor(Math.max(0, ...slots.map(({ props }) => levelId(props[level]) ?? 0))))
  return ({ props }) => {
    const place: number[] = []
    for (const level of ['socket-id', ...LEVELS]) {
      const id = levelId(props[level])
      if (id === undefined) return undefined
      place.push(id)
    }
    const [socket = 0, ...below] = place
    return below.reduce((id, value, at) => id * 2 ** (widths[at] ?? 0) + value, socket)
  }
}

/** 0 where the level is not named; `undefined` for what is not a number of a place: it is a peer's, and may be anything. */
function levelId(value: unknown = 0): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined
}

function bitsFor(largest: number): number {
  return largest <= 0 ? 0 : Math.floor(Math.log2(largest)) + 1
}
