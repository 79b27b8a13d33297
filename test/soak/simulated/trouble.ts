import { ConnectionError, InputError, type Clock } from '../../../src/index.ts'
import { Refusal, type CommandFault, type Random } from '../../../src/testing/index.ts'
import type { Trouble } from '../expectations.ts'
import type { SimulatedLife } from './life.ts'

/** What a call is given, and what happens beside it. */
export interface Struck {
  readonly timeoutMs: number
  /** When the caller aborts, in milliseconds from the call. */
  readonly abortAfterMs: number | undefined
  /** To be called when the call has ended: what had not happened by then does, and all is made good again. */
  heal(): void
}

/** A fence: on a host that has a turn of the event loop to give only once a second, a plug through the guest takes half a minute. */
const CALM_MS = 120_000
const WEIGHTS: readonly (readonly [Trouble, number])[] = [
  ['none', 50],
  ['abort', 9],
  ['hasty', 7],
  ['cut', 7],
  ['held', 1],
  ['lost-reply', 4],
  ['agent-restart', 2],
  ['agent-stopped', 2],
  ['reset', 3],
  ['restart', 2],
  ['paused', 2],
  ['guest-refuses', 3],
  ['guest-ignores', 2],
  ['guest-pretends', 1],
  ['rival', 5],
]

export function chooseTrouble(random: Random): Trouble {
  let at = random.integer(
    1,
    WEIGHTS.reduce((sum, [, weight]) => sum + weight, 0),
  )
  for (const [trouble, weight] of WEIGHTS) {
    at -= weight
    if (at <= 0) return trouble
  }
  return 'none'
}

/** Begin what happens beside a call. */
export function strike(life: SimulatedLife, trouble: Trouble, random: Random, clock: Clock): Struck {
  const { vm } = life
  const soon = random.integer(0, 60)
  const calm = { timeoutMs: CALM_MS, abortAfterMs: undefined, heal: () => undefined }
  const later = (task: () => void): (() => void) => onceLater(clock, soon, task)
  switch (trouble) {
    case 'none':
      return calm
    case 'abort':
      return { ...calm, abortAfterMs: soon }
    case 'hasty':
      return { ...calm, timeoutMs: random.integer(1, 60) }
    case 'cut':
      return {
        ...calm,
        heal: later(() => {
          life.cut()
        }),
      }
    case 'held': {
      const release = vm.holdMonitor()
      life.cut()
      return { ...calm, timeoutMs: 2_000, heal: release }
    }
    case 'lost-reply':
      return { ...calm, timeoutMs: 2_000, heal: vm.inject(chooseFault(random)) }
    case 'agent-restart':
      return {
        ...calm,
        timeoutMs: 5_000,
        heal: later(() => {
          vm.restartAgent()
        }),
      }
    case 'agent-stopped':
      vm.stopAgent()
      return {
        ...calm,
        timeoutMs: 2_000,
        heal: () => {
          vm.contAgent()
        },
      }
    case 'reset':
      return {
        ...calm,
        timeoutMs: 5_000,
        heal: later(() => {
          vm.reset()
        }),
      }
    case 'restart':
      return {
        ...calm,
        timeoutMs: 5_000,
        heal: later(() => {
          vm.restart({ downMs: soon * 10 })
        }),
      }
    case 'paused':
      vm.pause()
      return {
        ...calm,
        timeoutMs: 500,
        heal: () => {
          vm.resume()
        },
      }
    case 'guest-refuses':
      vm.guest.onUnplug = 'refuse'
      return {
        ...calm,
        heal: () => {
          vm.guest.onUnplug = 'remove'
        },
      }
    case 'guest-ignores':
      vm.guest.onUnplug = 'ignore'
      return {
        ...calm,
        timeoutMs: 500,
        heal: () => {
          vm.guest.onUnplug = 'remove'
          vm.qemu.completePendingUnplug()
        },
      }
    case 'guest-pretends':
      vm.guest.onPlug = 'pretend'
      return {
        ...calm,
        timeoutMs: 1_000,
        heal: () => {
          vm.guest.onPlug = 'accept'
          // The guest that boots next takes what is plugged.
          vm.reset()
        },
      }
    case 'rival':
      return {
        ...calm,
        heal: later(() => {
          interfere(life, random)
        }),
      }
  }
}

/** Do it after `ms`, or when the function returned is called, whichever is first. */
function onceLater(clock: Clock, ms: number, task: () => void): () => void {
  let isDone = false
  const now = (): void => {
    timer.cancel()
    if (isDone) return
    isDone = true
    task()
  }
  const timer = clock.after(ms, now)
  return now
}

function chooseFault(random: Random): CommandFault {
  const command = random.pick(['device_add', 'device_del', 'query-cpus-fast', 'guest-get-vcpus', 'guest-set-vcpus'])
  const mishap = random.pick(['drop-before', 'drop-after', 'no-reply'] as const)
  return { do: mishap, at: { command, nth: random.integer(1, 2) } }
}

/** Another client plugs a vCPU, or unplugs one. */
function interfere(life: SimulatedLife, random: Random): void {
  const { plugged, possible } = life.picture()
  const id = random.integer(1, possible - 1)
  try {
    if (plugged.includes(id)) life.vm.other.unplug(id)
    else life.vm.other.plug(id)
  } catch (error) {
    // What QEMU refuses to anybody.
    if (!(error instanceof Refusal || error instanceof InputError || error instanceof ConnectionError)) throw error
  }
}
