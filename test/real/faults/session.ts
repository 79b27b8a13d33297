import { expect } from 'vitest'
import type { QemuVersion } from '../../../packages/guest-kit/src/index.ts'
import { showConsoleOnFailure } from '../../../packages/guest-kit/src/show-console.ts'
import { Random } from '../../../src/testing/random.ts'
import { afterDeath } from '../random/session.ts'
import { World } from '../random/world.ts'
import { carryOutCell, FAULTS, measure, momentsOf, type FaultKind, type Moment } from './cell.ts'
import { OPERATIONS, type Operation } from './operations.ts'
import { FaultTable } from '../../support/faults/table.ts'

const SEED = 'QEMU_VCPU_FAULTS_SEED'
const ONLY = 'QEMU_VCPU_FAULTS_ONLY'

/** Which cells of faults × operations × moments a session has. */
export interface Share {
  /** Moments of each pair of a fault and an operation; the first of them is before it, and the others are chosen. */
  readonly moments: number
  /** So many pairs, chosen; all where it is not given. */
  readonly pairs?: number
}

interface Pair {
  readonly operation: Operation
  readonly kind: FaultKind
}

/**
 * Faults in the middle of operations on a real QEMU with a real guest. After each, every Domain's answer is compared with
 * QEMU's and with the guest's own `/sys`, and what the call reported with what was sent, answered and has changed.
 *
 * `$QEMU_VCPU_FAULTS_SEED` chooses the same cells again; `$QEMU_VCPU_FAULTS_ONLY` has one line, as a failed session
 * prints it: `plug into the guest/reset/3!` (`!`: at the answer); without the moment, or the fault, all of them.
 */
export async function faultSession(qemuVersion: QemuVersion, share: Share): Promise<FaultTable> {
  const seed = Number(process.env[SEED] ?? Date.now() % 2_147_483_647)
  console.error(`faults on QEMU ${qemuVersion}: ${SEED}=${seed}`)
  const random = new Random(seed)
  const table = new FaultTable(
    OPERATIONS.map(({ name }) => name),
    FAULTS,
  )
  const all = OPERATIONS.flatMap((operation) => FAULTS.map((kind): Pair => ({ operation, kind })))
  const pairs = share.pairs === undefined ? all : sample(random, all, share.pairs)
  let world = await begin(qemuVersion)
  try {
    for (const { operation, kind } of onlyPairs(pairs, all)) {
      for (const moment of onlyMoments() ?? chosenMoments(random, momentsOf(await measure(world, operation)), share)) {
        const name = nameOf(operation, kind, moment)
        const done = await carryOutCell(world, operation, kind, moment).catch(async (error: unknown) => {
          await afterDeath(world, error)
          return undefined
        })
        expect(done?.wrong ?? [], `${ONLY}='${name}'`).toEqual([])
        // QEMU may have died of an assertion of its own.
        table.add(operation.name, kind, done?.ended.map(({ outcome }) => outcome) ?? ['qemu-died'])
        if (kind === 'kill-qemu' || done === undefined || world.isSpent) {
          await world.end()
          world = await begin(qemuVersion)
        }
      }
    }
    await world.end()
  } finally {
    // A Domain that is left open would dial a QEMU that has gone, and be counted as what the next session leaves.
    await world.leave()
  }
  console.error(table.describe(qemuVersion))
  return table
}

async function begin(qemuVersion: QemuVersion): Promise<World> {
  const world = await World.begin(qemuVersion)
  showConsoleOnFailure(world.guest)
  return world
}

function chosenMoments(random: Random, moments: readonly Moment[], { moments: count }: Share): readonly Moment[] {
  if (count >= moments.length) return moments
  const [before, ...others] = moments
  return before === undefined ? [] : [before, ...sample(random, others, count - 1)]
}

/** So many of them, chosen, in their order. */
function sample<T>(random: Random, items: readonly T[], count: number): T[] {
  const left = [...items.keys()]
  while (left.length > count) left.splice(random.integer(0, left.length - 1), 1)
  return items.filter((_, at) => left.includes(at))
}

function nameOf(operation: Operation, kind: FaultKind, { afterLines, atAnswer }: Moment): string {
  return `${operation.name}/${kind}/${afterLines}${atAnswer ? '!' : ''}`
}

function onlyPairs(pairs: readonly Pair[], all: readonly Pair[]): readonly Pair[] {
  const [operation = '', kind] = (process.env[ONLY] ?? '').split('/')
  if (operation === '') return pairs
  const only = all.filter((pair) => pair.operation.name === operation && (kind ?? pair.kind) === pair.kind)
  if (only.length === 0) throw new Error(`${ONLY}: no such operation or fault`)
  return only
}

function onlyMoments(): readonly Moment[] | undefined {
  const moment = (process.env[ONLY] ?? '').split('/')[2]
  if (moment === undefined) return undefined
  return [{ afterLines: Number.parseInt(moment), atAnswer: moment.endsWith('!') }]
}
