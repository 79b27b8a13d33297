import type { Disturbance, Step } from './step.ts'
import type { World } from './world.ts'

/** What was set going beside the calls of a step. */
export interface Disturbed {
  /** To be called when the Domains' calls have ended: what was not set off by then is now, and all is made good again. */
  heal(): Promise<void>
}

/** As many deadline tasks as CPUs that run, together more than one CPU less can take: the kernel gives none of them up. */
const OCCUPY = `
  for cpu in $(grep ^processor /proc/cpuinfo | cut -d: -f2); do
    chrt-deadline -d --sched-period 1000000000 --sched-runtime 900000000 0 sleep 1000 > /dev/null 2>&1 &
    echo $!
  done > /run/busy`

/** Begin what `step` has beside its calls. */
export async function disturb(world: World, step: Step): Promise<Disturbed> {
  const disturbance = step.with
  if (disturbance === undefined) return { heal: () => Promise.resolve() }
  switch (disturbance.kind) {
    case 'pause':
      await world.guest.query('stop')
      return { heal: () => resume(world, disturbance.reset) }
    case 'busy-guest':
      await occupy(world)
      return { heal: () => relieve(world) }
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
  disturbance: Exclude<Disturbance, { kind: 'pause' | 'busy-guest' }>,
): () => Promise<void> {
  switch (disturbance.kind) {
    case 'reset': {
      const booted = reset(world)
      return () => booted
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

async function resume(world: World, isReset: boolean): Promise<void> {
  if (!isReset) {
    await world.guest.query('cont')
    return
  }
  const booted = reset(world)
  await world.guest.query('cont')
  await booted
}

function reset(world: World): Promise<void> {
  world.isUp = false
  const booted = world.guest.reset().then(() => world.afterBoot())
  booted.catch(() => undefined)
  return booted
}

async function occupy({ guest }: World): Promise<void> {
  const { status, stderr } = await guest.shell(OCCUPY)
  if (status !== 0) throw new Error(`the guest cannot be made busy: ${stderr}`)
}

async function relieve({ guest }: World): Promise<void> {
  await guest.shell('kill $(cat /run/busy)')
}
