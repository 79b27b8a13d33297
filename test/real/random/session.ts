import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { QemuVersion } from '../../../packages/guest-kit/src/index.ts'
import { showConsoleOnFailure } from '../../../packages/guest-kit/src/show-console.ts'
import { carryOut, diedOfReset } from './carry-out.ts'
import { Chooser } from './choose.ts'
import { Figures } from './figures.ts'
import { heapInUse } from './leftovers.ts'
import type { Step } from './step.ts'
import { World } from './world.ts'

const SEED = 'QEMU_VCPU_RANDOM_SEED'
const SCRIPT = 'QEMU_VCPU_RANDOM_SCRIPT'
const STEPS = 'QEMU_VCPU_RANDOM_STEPS'
/** What a session may keep for good once it is warm: its own figures, compiled code, the console of the guests. */
const HEAP_GROWTH_BYTES = 16 * 1024 * 1024

/**
 * Random steps against real guests; after each, what both Domains say, QEMU's own answer and the guest's own `/sys` agree,
 * and what every call reported is true. A guest whose budget of plugs is spent gives way to another.
 *
 * `$QEMU_VCPU_RANDOM_SEED` repeats a session as far as the guest's own timing lets it; `$QEMU_VCPU_RANDOM_SCRIPT` is a file
 * of steps, one as JSON a line, as a session that fails prints them: delete lines to shrink it.
 */
export async function randomSession(qemuVersion: QemuVersion, count: number): Promise<void> {
  const seed = Number(process.env[SEED] ?? Date.now() % 2_147_483_647)
  const script = readScript()
  const steps = script?.length ?? count
  console.error(`random session on QEMU ${qemuVersion}: ${steps} steps, ${SEED}=${seed}`)
  const chooser = new Chooser(seed)
  const figures = new Figures()
  const strays: unknown[] = []
  const note = (stray: unknown): void => void strays.push(stray)
  process.on('unhandledRejection', note).on('warning', note)
  let world = await World.begin(qemuVersion)
  showConsoleOnFailure(world.guest)
  const done: Step[] = []
  let warmHeap: number | undefined = undefined
  try {
    for (let at = 0; at < steps; at++) {
      if (world.isSpent) {
        figures.addWorld(world)
        await world.end()
        world = await World.begin(qemuVersion)
        showConsoleOnFailure(world.guest)
      }
      const step = script?.[at] ?? chooser.next(world)
      done.push(step)
      const wrong = await carryOut(world, step).then(
        (carriedOut) => {
          figures.add(step, carriedOut.ended)
          return carriedOut.wrong
        },
        (error: unknown) => afterDeath(world, error),
      )
      if (wrong === 'QEMU died') {
        figures.addDeath(step)
        figures.addWorld(world)
        await world.end()
        world = await World.begin(qemuVersion)
        showConsoleOnFailure(world.guest)
        continue
      }
      expect(wrong, wrong.join('\n')).toEqual([])
      expect(strays).toEqual([])
      if (at === Math.floor(steps / 4)) warmHeap = await heapInUse()
    }
    expect((await heapInUse()) - (warmHeap ?? 0)).toBeLessThan(HEAP_GROWTH_BYTES)
    figures.addWorld(world)
    await world.end()
    console.error(figures.describe(qemuVersion, warmHeap === undefined ? 0 : (await heapInUse()) - warmHeap))
  } catch (error) {
    console.error(
      `step ${done.length} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    )
    console.error(`the steps so far, for ${SCRIPT}:`)
    console.error(done.map((step) => JSON.stringify(step)).join('\n'))
    // What it left behind is not the question now, and the next session counts from here.
    await world.leave()
    throw error
  } finally {
    process.off('unhandledRejection', note).off('warning', note)
  }
}

/**
 * QEMU's own assertion at a reset under TCG (docs/wire-notes.md) ends the guest and not the session: both Domains must say
 * that the VM is gone.
 *
 * @throws `error` where QEMU lives, or died of anything else
 */
export async function afterDeath({ guest, controllers }: World, error: unknown): Promise<'QEMU died'> {
  if (!diedOfReset(guest.stderr())) throw error
  expect(await guest.exited).toMatchObject({ signal: 'SIGABRT' })
  for (const { domain } of Object.values(controllers)) {
    await expect(domain.getVcpuMap()).rejects.toMatchObject({ name: 'ConnectionError' })
  }
  return 'QEMU died'
}

/** How many steps a session has: `$QEMU_VCPU_RANDOM_STEPS`, or else `count`. */
export function stepsOr(count: number): number {
  const steps = Number(process.env[STEPS] ?? count)
  if (!Number.isInteger(steps) || steps < 1) throw new Error(`${STEPS} is '${process.env[STEPS] ?? ''}', not a count`)
  return steps
}

function readScript(): readonly Step[] | undefined {
  const file = process.env[SCRIPT]
  if (file === undefined || file === '') return undefined
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as Step)
}
