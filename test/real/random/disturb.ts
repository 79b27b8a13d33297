import { renameSync } from 'node:fs'
import { rename } from 'node:fs/promises'
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
      return atMoment(world, disturbance)
  }
}

type Striking = Exclude<Disturbance, { kind: 'pause' | 'busy-guest' }>

/** A fault that has struck. */
interface Struck {
  /** Until it has taken effect, where that takes a while. */
  readonly begun: Promise<unknown>
  /** Makes it good again. */
  readonly heal: () => Promise<unknown>
}

/**
 * Set it off right after the Domains' so-many-th line has been written or so-many-th answer has come, or at the latest when
 * their calls have ended. One that comes before all of them has taken effect when this resolves.
 */
async function atMoment(world: World, disturbance: Striking): Promise<Disturbed> {
  const { afterLines, atAnswer } = disturbance
  let struck: Struck | undefined = undefined
  const begin = (): Struck => (struck ??= strike(world, disturbance))
  let left = afterLines
  const moment = atAnswer === true ? 'onAnswer' : 'onLine'
  for (const { log } of Object.values(world.controllers)) {
    const before = log[moment]
    log[moment] = () => {
      before()
      // The trace sees a line before it is written.
      if (--left === 0) setImmediate(begin)
    }
  }
  if (afterLines === 0) await begin().begun
  return {
    heal: async () => {
      const { begun, heal } = begin()
      await begun
      await heal()
    },
  }
}

function strike(world: World, disturbance: Striking): Struck {
  const { guest } = world
  switch (disturbance.kind) {
    case 'reset': {
      const booted = reset(world)
      return atOnce(() => booted)
    }
    case 'crash':
      world.isUp = false
      return begun(guest.query('inject-nmi'), () => reset(world))
    case 'kill-qemu':
      process.kill(guest.pid, 'SIGKILL')
      return begun(guest.exited, () => Promise.resolve())
    case 'unlink':
      renameSync(guest.qmpPath, awayFrom(guest.qmpPath))
      world.controllers.A.cut()
      return atOnce(() => rename(awayFrom(guest.qmpPath), guest.qmpPath))
    case 'cut':
      world.controllers[disturbance.of].cut()
      return atOnce(() => Promise.resolve())
    case 'freeze':
      process.kill(guest.pid, 'SIGSTOP')
      return atOnce(() => {
        process.kill(guest.pid, 'SIGCONT')
        return Promise.resolve()
      })
    case 'kill-agent': {
      const restarted = world.restartAgent(disturbance.of)
      restarted.catch(() => undefined)
      return atOnce(() => restarted)
    }
    case 'stop-agent':
      return begun(guest.shell('kill -STOP $(cat /run/qemu-ga.pid)'), () =>
        guest.shell('kill -CONT $(cat /run/qemu-ga.pid)'),
      )
    case 'freeze-files':
      return begun(
        guest.shell('touch /run/qga.state.isfrozen').then(() => world.restartAgent('A')),
        async () => {
          await guest.shell('rm /run/qga.state.isfrozen')
          await world.restartAgent('A')
        },
      )
  }
}

function atOnce(heal: Struck['heal']): Struck {
  return { begun: Promise.resolve(), heal }
}

function begun(effect: Promise<unknown>, heal: Struck['heal']): Struck {
  // It is waited for where it is made good.
  effect.catch(() => undefined)
  return { begun: effect, heal }
}

function awayFrom(path: string): string {
  return `${path}.away`
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
