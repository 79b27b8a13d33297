import fc from 'fast-check'
import type { CpuInstanceProperties } from '../../../../src/bitmap/index.ts'
import { shuffled } from '../../../support/shuffle.ts'

/** A slot as the machine was built, with the cpu-index that QEMU will give to its first vCPU. */
export interface MachineSlot {
  readonly firstId: number
  readonly count: number
  readonly type: string
  readonly props: CpuInstanceProperties
}

/** A machine type with its `-smp` and `-numa`. */
export interface Machine {
  readonly kind: string
  readonly target: string
  /** Ascending. */
  readonly slots: readonly MachineSlot[]
  /** Whether its properties are known to this package; if not, only the order of QEMU's reply tells the ids. */
  readonly understood: boolean
  readonly unplugs: boolean
  /** Whether a slot's device is a core with the vCPUs below it. */
  readonly coreDevices: boolean
}

/** Name and size of a level of the topology, outermost first. */
type Level = readonly [name: string, size: number]

/** Every place of the topology in QEMU's order: an odometer, so that no sort like the tested one makes the truth. */
function places(levels: readonly Level[]): Record<string, number>[] {
  const [level, ...inner] = levels
  if (level === undefined) return [{}]
  const [name, size] = level
  const below = places(inner)
  return Array.from({ length: size }, (_, id) => below.map((place) => ({ [name]: id, ...place }))).flat()
}

function number(type: string, count: number, props: readonly CpuInstanceProperties[]): MachineSlot[] {
  return props.map((own, at) => ({ firstId: at * count, count, type, props: own }))
}

/** Gives each slot a NUMA node, dealt out so that neighbours are often in different ones. */
function withNodes(props: readonly CpuInstanceProperties[], nodes: number, seed: number): CpuInstanceProperties[] {
  if (nodes === 0) return [...props]
  const dealt = shuffled(
    props.map((_, at) => at % nodes),
    seed,
  )
  return props.map((own, at) => ({ 'node-id': dealt[at] ?? 0, ...own }))
}

/** x86 of any depth, one vCPU a slot. */
export function x86(levels: readonly Level[], nodes = 0, seed = 0): Machine {
  return {
    kind: `x86 ${levels.join(' ')} nodes ${nodes}`,
    target: 'x86_64',
    slots: number('max-x86_64-cpu', 1, withNodes(places(levels), nodes, seed)),
    understood: true,
    unplugs: true,
    coreDevices: false,
  }
}

/** pseries: a slot is a core, whose core-id counts in threads. */
export function pseries(cores: number, threads: number, nodes = 0, seed = 0): Machine {
  const props = Array.from({ length: cores }, (_, core) => ({ 'core-id': core * threads }))
  return {
    kind: `pseries ${cores} cores of ${threads} threads nodes ${nodes}`,
    target: 'ppc64',
    slots: number('power9_v2.0-spapr-cpu-core', threads, withNodes(props, nodes, seed)),
    understood: true,
    unplugs: true,
    coreDevices: true,
  }
}

/** s390x: the core-id is the index; books and drawers may have been rearranged at run time and say nothing. */
export function s390x(cpus: number, withBooks: boolean, seed: number): Machine {
  const drawers = shuffled(
    Array.from({ length: cpus }, (_, at) => at % 3),
    seed,
  )
  const props = drawers.map((drawer, core) =>
    withBooks
      ? { 'core-id': core, 'drawer-id': drawer, 'book-id': (drawer + core) % 2, 'socket-id': core % 3 }
      : { 'core-id': core },
  )
  return {
    kind: `s390x ${cpus} cpus${withBooks ? ' in books' : ''}`,
    target: 's390x',
    slots: number('qemu-s390x-cpu', 1, props),
    understood: true,
    unplugs: false,
    coreDevices: false,
  }
}

/** A machine of a QEMU to come: whole cores of any number of threads, every level there is, `-device` by core. */
function wholeCores(levels: readonly Level[], threads: number, nodes = 0, seed = 0): Machine {
  return {
    kind: `whole cores ${levels.join(' ')} of ${threads} threads nodes ${nodes}`,
    target: 'loongarch64',
    slots: number('la464-loongarch-cpu', threads, withNodes(places(levels), nodes, seed)),
    understood: true,
    unplugs: true,
    coreDevices: threads > 1,
  }
}

/** The same, but with a level, outermost or innermost, that this package has never heard of, or not as a number. */
function unknownLevel(levels: readonly Level[], threads: number, inside: boolean, asText: boolean): Machine {
  const all: readonly Level[] = inside ? [...levels, ['tile-id', 2]] : [['tile-id', 2], ...levels]
  const props = places(all).map((place) => (asText ? { ...place, 'tile-id': `t${place['tile-id'] ?? 0}` } : place))
  return {
    kind: `unknown level ${all.join(' ')} of ${threads} threads`,
    target: 'riscv64',
    slots: number('max-riscv-cpu', threads, props),
    understood: false,
    unplugs: true,
    coreDevices: threads > 1,
  }
}

const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max })
const nodes = fc.nat(3)
const seed = fc.nat(0xffff)

/** A level that a machine may do without. */
function maybe(name: string, max: number): fc.Arbitrary<readonly Level[]> {
  return fc.oneof(
    fc.constant([]),
    upTo(max).map((size): readonly Level[] => [[name, size]]),
  )
}

function level(name: string, max: number): fc.Arbitrary<readonly Level[]> {
  return upTo(max).map((size) => [[name, size]])
}

function stack(...levels: fc.Arbitrary<readonly Level[]>[]): fc.Arbitrary<readonly Level[]> {
  return fc.tuple(...levels).map((all) => all.flat())
}

const x86Levels = stack(
  level('socket-id', 3),
  maybe('die-id', 2),
  maybe('module-id', 2),
  level('core-id', 12),
  level('thread-id', 2),
)
const coreLevels = stack(
  maybe('drawer-id', 2),
  maybe('book-id', 2),
  level('socket-id', 3),
  maybe('cluster-id', 2),
  level('core-id', 4),
)

/** Machines whose properties this package understands, of 1 to about 200 slots. */
export const understoodMachine: fc.Arbitrary<Machine> = fc.oneof(
  fc.tuple(x86Levels, nodes, seed).map((args) => x86(...args)),
  fc.tuple(upTo(24), upTo(8), nodes, seed).map((args) => pseries(...args)),
  fc.tuple(upTo(40), fc.boolean(), seed).map((args) => s390x(...args)),
  fc.tuple(coreLevels, upTo(8), nodes, seed).map((args) => wholeCores(...args)),
)

/** Machines with a property that this package does not know. */
const unknownMachine: fc.Arbitrary<Machine> = fc
  .tuple(stack(level('socket-id', 3), level('core-id', 5)), upTo(4), fc.boolean(), fc.boolean())
  .map((args) => unknownLevel(...args))

/** Any machine of 1 to about 200 slots. */
export const machine: fc.Arbitrary<Machine> = fc.oneof(
  { weight: 4, arbitrary: understoodMachine },
  { weight: 1, arbitrary: unknownMachine },
)

/** The largest machines, 4,096 slots each; some thousand times the work, so for a few runs only. */
export const largeMachine: fc.Arbitrary<Machine> = fc.constantFrom(
  x86([['core-id', 4096]]),
  x86([['socket-id', 4096], ['core-id', 1], ['thread-id', 1]], 8, 1), // prettier-ignore
  x86([['socket-id', 2], ['die-id', 4], ['module-id', 4], ['core-id', 64], ['thread-id', 2]], 4, 2), // prettier-ignore
  pseries(4096, 8, 16, 3),
  s390x(4096, true, 4),
  wholeCores([['drawer-id', 4], ['book-id', 4], ['socket-id', 8], ['core-id', 32]], 3, 5, 5), // prettier-ignore
  unknownLevel([['socket-id', 64], ['core-id', 32]], 1, false, false), // prettier-ignore
)
