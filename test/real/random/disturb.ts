import type { Disturbance, Step } from './step.ts'
import { indexIn } from './world.ts'
import type { World } from './world.ts'

/** What was set going beside the calls of a step. */
export interface Disturbed {
  /** To be called when the Domains' calls have ended: what was not set off by then is now, and all is made good again. */
  heal(): Promise<void>
}

/** `workqueue:online`, a state that a CPU passes on its way down, with the possibility to fail. */
const FAILING_STATE = `$(sed -n 's/^ *\\([0-9]*\\): workqueue:online$/\\1/p' /sys/devices/system/cpu/hotplug/states)`

/** Begin what `step` has beside its calls. */
export async function disturb(world: World, step: Step): Promise<Disturbed> {
  const disturbance = step.with
  if (disturbance === undefined) return { heal: () => Promise.resolve() }
  switch (disturbance.kind) {
    case 'pause':
      await world.guest.query('stop')
      return { heal: () => resume(world, disturbance.reset) }
    case 'fail-offline':
      await failOffline(world, disturbance.id)
      return { heal: () => undoFailOffline(world, disturbance.id) }
    default:
      return afterLines(world, disturbance.afterLines, () => strike(world, disturbance))
  }
}

/** Set it off right after the Domains' so-many-th line has been written, or at the latest when their calls have ended. */
function afterLines(world: World, lines: number, strikeNow: () => () => Promise<void>): Disturbed {
  let healing: (() => Promise<void>) | undefined = undefined
  const begin = (): (() => Promise<void>) => (healing ??= strikeNow())
  let left = lines
  for (const { log } of Object.values(world.controllers)) {
    const before = log.onLine
    log.onLine = () => {
      before()
      // The trace sees a line before it is written.
      if (--left === 0) setImmediate(begin)
    }
  }
  if (lines === 0) begin()
  return { heal: () => begin()() }
}

/** @returns what makes it good again */
function strike(
  world: World,
  disturbance: Exclude<Disturbance, { kind: 'pause' | 'fail-offline' }>,
): () => Promise<void> {
  switch (disturbance.kind) {
    case 'reset': {
      world.isUp = false
      const booted = world.guest.reset()
      booted.catch(() => undefined)
      return async () => {
        await booted
        await world.afterBoot()
      }
    }
    case 'cut':
      world.controllers[disturbance.of].cut()
      return () => Promise.resolve()
    case 'freeze': {
      const { pid } = world.guest
      process.kill(pid, 'SIGSTOP')
      return () => {
        process.kill(pid, 'SIGCONT')
        return Promise.resolve()
      }
    }
    case 'kill-agent': {
      const restarted = world.restartAgent(disturbance.of)
      restarted.catch(() => undefined)
      return () => restarted
    }
  }
}

async function resume(world: World, reset: boolean): Promise<void> {
  if (!reset) {
    await world.guest.query('cont')
    return
  }
  world.isUp = false
  const booted = world.guest.reset()
  booted.catch(() => undefined)
  await world.guest.query('cont')
  await booted
  await world.afterBoot()
}

async function failOffline({ guest, truth }: World, id: number): Promise<void> {
  const cpu = truth.get(id)?.guest?.id
  if (cpu === undefined) throw new Error(`vCPU ${id} has no CPU in the guest`)
  const { status, stderr } = await guest.shell(`echo ${FAILING_STATE} > /sys/devices/system/cpu/cpu${cpu}/hotplug/fail`)
  if (status !== 0) throw new Error(`the guest's kernel cannot be made to fail: ${stderr}`)
}

/** The failure is of use once; what was not used up is taken back, where the vCPU is there still. */
async function undoFailOffline(world: World, id: number): Promise<void> {
  const { guest, truth } = world
  const before = truth.get(id)
  if (before?.guest === undefined || indexIn(truth, before.path) !== id) return
  await guest.shell(`echo -1 > /sys/devices/system/cpu/cpu${before.guest.id}/hotplug/fail || true`)
}
