import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { Domain } from '../../../src/index.ts'
import { listen, type SocketListener } from '../../../src/wire/listen.ts'
import { systemClock } from '../../../src/wire/clock.ts'
import type { DomainPlan } from '../plan/plan.ts'
import { Actor } from '../subject/actor.ts'
import { Arena } from '../subject/arena.ts'
import { Readers } from '../subject/follow.ts'
import { performanceOf } from '../subject/perform.ts'
import type { Exchange } from '../subject/exchange.ts'
import { endingOf } from './session.ts'
import type { Tally, Verdict } from './verdict.ts'

/** Real time passes here: a wait of a plan is no longer than this. */
const LONGEST_MS = 40
/** And no call takes longer than this, however slow the day: it hangs. */
const FENCE_MS = 60_000
/** No bound is held against real time but the fence. */
const UNBOUNDED_MS = 1e12
/** Turns of the event loop that a socket may take to close. */
const MOST_TURNS = 20_000

/** Carry out a plan of calls of a Domain over real UNIX sockets, in real time. */
export async function runOnSockets(plan: DomainPlan): Promise<Verdict> {
  const before = handles()
  const folder = await mkdtemp(join(tmpdir(), 'vcpu-fuzz-'))
  const arena = new Arena(shortened(plan))
  const pump = new Pump(arena)
  const actor = new Actor(arena, systemClock)
  const tallies: Tally[] = []
  actor.onEnd = (exchange) => {
    const mishaps = [...arena.faults.struck]
    tallies.push({ operation: exchange.name, ending: endingOf(exchange), mishaps, isLiedTo: arena.faults.hasLied })
  }
  const [qmp, qga] = [join(folder, 'qmp.sock'), join(folder, 'qga.sock')]
  const listeners = [
    await serve(arena, 'qmp', qmp, () => arena.vm.qmp()),
    await serve(arena, 'qga', qga, () => arena.vm.qga()),
  ]
  try {
    await runSteps(plan, actor, { qmp, ...(plan.hasAgent ? { qga } : {}) })
  } finally {
    arena.end()
    pump.end()
    await Promise.all(listeners.map((listener) => listener.close()))
    await rm(folder, { recursive: true })
  }
  const left = await leftOver(before)
  if (left !== undefined) actor.faults.push(left)
  if (actor.clock.pending !== 0) actor.faults.push(`${actor.clock.pending} timers are left`)
  return { tallies, faults: actor.faults }
}

async function runSteps(plan: DomainPlan, actor: Actor, where: { qmp: string; qga?: string }): Promise<void> {
  const { clock, trace, stage: arena } = actor
  const { reconnect } = plan.beginning
  const readers = new Readers()
  let domain: Domain | undefined
  const timeoutMs = Math.min(plan.connectTimeoutMs, LONGEST_MS)
  await wait(
    actor,
    actor.begin({ name: 'connect', mostMs: UNBOUNDED_MS }, async (signal) => {
      domain = await Domain.connect({ ...where, reconnect, timeoutMs, signal, clock, trace })
    }),
  )
  if (domain === undefined) return
  const connected = domain
  for (const step of plan.steps) {
    if (step.do.op === 'follow') readers.follow(connected)
    const performance = performanceOf(arena, step)
    if (performance === undefined || step.do.op === 'close') continue
    const { run, wish } = performance
    const bounds = { timeoutMs: UNBOUNDED_MS, undoMs: UNBOUNDED_MS, isAssumed: performance.bounds?.isAssumed ?? false }
    const options = { name: step.do.op, mostMs: UNBOUNDED_MS, wish, bounds }
    const exchange = actor.begin(options, (signal) =>
      run(connected, { signal, timeoutMs: Math.min(step.timeoutMs, LONGEST_MS) }),
    )
    if (!step.isBeside) await wait(actor, exchange)
  }
  await wait(
    actor,
    actor.begin({ name: 'close', mostMs: UNBOUNDED_MS }, () => connected.close()),
  )
  for (const exchange of actor.open) await wait(actor, exchange)
  await new Promise((resolve) => setImmediate(resolve))
  actor.faults.push(...readers.failures)
  if (readers.left > 0) actor.faults.push(`${readers.left} streams have not ended`)
}

function serve(arena: Arena, link: 'qmp' | 'qga', path: string, dial: () => Duplex): Promise<SocketListener> {
  return listen(path, (socket) => {
    try {
      arena.link(link, socket, dial(), systemClock)
    } catch {
      // No QEMU is there: whoever connects meets the end.
      socket.on('error', () => undefined).destroy()
    }
  })
}

/** The same plan, with no wait on the way longer than a call is patient. */
function shortened(plan: DomainPlan): DomainPlan {
  const faults = plan.faults.map((fault) => {
    const { mishap } = fault
    return 'ms' in mishap ? { ...fault, mishap: { ...mishap, ms: Math.min(mishap.ms, LONGEST_MS) } } : fault
  })
  return { ...plan, faults }
}

async function wait(actor: Actor, exchange: Exchange): Promise<void> {
  let fence: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    fence = setTimeout(() => {
      if (exchange.end === undefined) actor.faults.push(`${exchange.name} has not settled after ${FENCE_MS} ms`)
      resolve()
    }, FENCE_MS)
  })
  await Promise.race([exchange.over, late])
  clearTimeout(fence)
}

/** Lets the VM's own time pass as fast as it can, while real time passes for its client. */
class Pump {
  readonly #arena: Arena
  #isOver = false

  constructor(arena: Arena) {
    this.#arena = arena
    void this.#run()
  }

  end(): void {
    this.#isOver = true
  }

  async #run(): Promise<void> {
    while (!this.#isOver) await this.#arena.pass(1)
  }
}

/** The sockets of this process that are open. */
function handles(): readonly string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /^(Pipe|TCP)/.test(name))
    .sort()
}

/** Sockets close when the kernel has its turn. */
async function leftOver(before: readonly string[]): Promise<string | undefined> {
  for (let turn = 0; turn < MOST_TURNS && handles().join() !== before.join(); turn++) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  const after = handles()
  return after.join() === before.join() ? undefined : `sockets are left: ${after.join()}, at first ${before.join()}`
}
