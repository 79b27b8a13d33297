import { act, type Ended } from './act.ts'
import { agree, disagreePending } from './agree.ts'
import { disturb } from './disturb.ts'
import { judge } from './judge.ts'
import type { Step } from './step.ts'
import { describeTruth } from './truth.ts'
import type { World } from './world.ts'

const RESET_ASSERTIONS = ['iotlb_to_section: Assertion', 'msix_table_mmio_write: Assertion']

/** Is it what QEMU says that ends itself at a reset or a boot under TCG (docs/wire-notes.md)? */
export function diedOfReset(stderr: string): boolean {
  return RESET_ASSERTIONS.some((assertion) => stderr.includes(assertion))
}

/** What became of a step. */
export interface CarriedOut {
  readonly ended: readonly Ended[]
  /** What is not as it should be, or was not told as it was. */
  readonly wrong: readonly string[]
}

/**
 * Make the calls of a step at once, with what happens beside them; then make all good again, and compare.
 *
 * @param watch - called right before the calls
 */
export async function carryOut(world: World, step: Step, watch: () => void = () => undefined): Promise<CarriedOut> {
  const { truth: before, controllers } = world
  const mayGo = new Set(world.asked)
  for (const { log } of Object.values(controllers)) log.beginStep()
  const disturbed = await disturb(world, step)
  watch()
  const domains = Promise.all(step.ops.filter(({ by }) => by !== 'raw').map((op) => act(world, op)))
  const raws = Promise.all(step.ops.filter(({ by }) => by === 'raw').map((op) => act(world, op)))
  raws.catch(() => undefined)
  const ended: Ended[] = []
  let pending: readonly string[] = []
  try {
    ended.push(...(await domains))
    if (step.with?.kind === 'pause') pending = await disagreePending(world)
  } finally {
    await disturbed.heal()
  }
  ended.push(...(await raws))
  await world.settle()
  const { truth, wrong } = await agree(world)
  world.truth = truth
  const untrue = judge({ step, before, after: truth, mayGo, ended })
  const found = [...pending, ...wrong, ...untrue]
  if (found.length > 0) {
    found.push(`before: ${describeTruth(before)}`, `after: ${describeTruth(truth)}`)
    for (const { op, outcome, error, sent } of ended) {
      found.push(`${JSON.stringify(op)}: ${outcome} ${error?.message ?? ''}; sent ${JSON.stringify(sent)}`)
    }
  }
  return { ended, wrong: found }
}
