// An autoscaler: a VM gets a vCPU more where its guest has been busy, and one less where it has been idle, one step at a time.
// decide() is the whole policy, a pure function. What the guest's agent says of its load is a guest's word: it is checked, and
// the worst that a guest can reach by lying is `max` vCPUs, a step a period.
import { Domain, VcpuError, systemClock, type Clock, type DomainOptions } from 'qemu-vcpu'
import { QgaClient, type QgaExecutor, type Target } from 'qemu-vcpu/qga'

/** When to change the size, and how far. */
export interface Policy {
  readonly min: number
  readonly max: number
  /** A step up where the load for each CPU is above this, such as 0.8. */
  readonly up: number
  /** A step down where the load for each CPU that remains is below this, such as 0.4; less than `up`. */
  readonly down: number
  /** There is at most one step in each. */
  readonly periodMs: number
  /** After a change, failed ones too, the size stays for so long: load averages need a minute to show what it did. */
  readonly quietMs: number
}

/** The load, in CPUs' worth of work, or why it is not known. */
export type Reading = { readonly load: number; readonly source: string } | { readonly problem: string }

/** What a decision is made from. */
export interface Situation {
  /** How many vCPUs the guest runs. */
  readonly size: number
  readonly reading: Reading
  /** Since the last change; `Infinity` before the first. */
  readonly sinceChangeMs: number
}

/** The next size, and why. */
export interface Decision {
  readonly action: 'up' | 'down' | 'stay'
  readonly target: number
  readonly reason: string
}

/** More work than this for each CPU is not believed. */
const MOST_LOAD = 100
const READ_MS = 5_000
const CHANGE_MS = 60_000

/**
 * Decide on the next step. With a constant load the size settles, whatever the thresholds: it goes up from n where the load is
 * above `up * n`, and comes back to n only where it is below `down * n`, which is less.
 */
export function decide(policy: Policy, { size, reading, sinceChangeMs }: Situation): Decision {
  const { min, max, up, down, quietMs } = policy
  const stay = (reason: string): Decision => ({ action: 'stay', target: size, reason })
  const stepUp = (reason: string): Decision => ({ action: 'up', target: size + 1, reason })
  const stepDown = (reason: string): Decision => ({ action: 'down', target: size - 1, reason })
  if ('problem' in reading) return stay(`the load is not known: ${reading.problem}`)
  const { load } = reading
  if (!(load >= 0 && load <= size * MOST_LOAD)) return stay(`a load of ${load} on ${size} CPUs is not believed`)
  if (sinceChangeMs < quietMs) return stay(`the last change was ${Math.round(sinceChangeMs)} ms ago`)
  if (size > max) return stepDown(`more than ${max}`)
  if (size < min) return stepUp(`fewer than ${min}`)
  if (load > up * size) return size < max ? stepUp(`above ${up} for each CPU`) : stay(`above ${up}, and at the maximum`)
  if (size > min && load < down * (size - 1)) return stepDown(`below ${down} for each CPU that remains`)
  return stay('between the thresholds')
}

/** @throws RangeError for a policy that would flap, or that has no size */
export function checkPolicy({ min, max, up, down, periodMs, quietMs }: Policy): void {
  const sizes = Number.isInteger(min) && Number.isInteger(max) && 1 <= min && min <= max
  if (!sizes) throw new RangeError(`min ${min}, max ${max}: expected whole numbers, 1 <= min <= max`)
  if (!(0 < down && down < up && up <= 1)) throw new RangeError(`down ${down}, up ${up}: expected 0 < down < up <= 1`)
  if (!(periodMs > 0 && quietMs >= 0)) throw new RangeError(`a period of ${periodMs} ms, ${quietMs} ms quiet`)
}

/** What the agent has to say of the load, the best first. */
const COMMANDS = ['guest-get-load', 'guest-get-cpustats'] as const

/** Asks a guest for its load. Whatever the guest does, a reading comes of it. */
export class LoadReader {
  readonly #agent: QgaExecutor
  /** What this agent has; another one may after a boot. */
  #command: (typeof COMMANDS)[number] | undefined
  /** What guest-get-cpustats said last; it counts from the boot on. */
  #before: ReadonlyMap<number, CpuTime> | undefined

  constructor(agent: QgaExecutor) {
    this.#agent = agent
  }

  async read(): Promise<Reading> {
    try {
      this.#command ??= await this.#choose()
      const reply = await this.#agent.execute(this.#command, undefined, { timeoutMs: READ_MS })
      const load = this.#command === 'guest-get-load' ? loadAverage(reply) : this.#since(cpuTimes(reply))
      return { load, source: this.#command }
    } catch (error) {
      this.#command = undefined
      if (error instanceof VcpuError) return { problem: `${error.code}: ${error.message}` }
      if (error instanceof NoLoadError) return { problem: error.message }
      throw error
    }
  }

  async #choose(): Promise<(typeof COMMANDS)[number]> {
    const info = await this.#agent.execute('guest-info', undefined, { timeoutMs: READ_MS })
    const listed = listOf(fieldOf(info, 'supported_commands'))
    const has = (name: string): boolean =>
      listed.some((each) => fieldOf(each, 'name') === name && fieldOf(each, 'enabled') === true)
    const command = COMMANDS.find(has)
    if (command === undefined) throw new NoLoadError(`the agent has neither ${COMMANDS.join(' nor ')}`)
    return command
  }

  /** The CPUs' worth of work since the last time: of each CPU a share of the time that the guest counted, never above 1. */
  #since(times: ReadonlyMap<number, CpuTime>): number {
    const before = this.#before
    this.#before = times
    if (before === undefined) throw new NoLoadError('the counters of guest-get-cpustats were read for the first time')
    let load = 0
    let countedMs = 0
    for (const [cpu, now] of times) {
      const then = before.get(cpu)
      // One that was turned on since.
      if (then === undefined) continue
      const [busy, idle] = [now.busyMs - then.busyMs, now.idleMs - then.idleMs]
      if (busy < 0 || idle < 0)
        throw new NoLoadError(`the counters of CPU ${cpu} went back: the guest has booted again`)
      load += busy / Math.max(busy + idle, 1)
      countedMs += busy + idle
    }
    if (countedMs === 0) throw new NoLoadError('the counters of guest-get-cpustats stand still')
    return load
  }
}

/** The agent answered, and the load is not in it. */
class NoLoadError extends Error {}

interface CpuTime {
  readonly busyMs: number
  readonly idleMs: number
}

/** `guest-get-load`, of agents since 10.0: of the last minute. On Linux it counts what waits for a disk as well. */
function loadAverage(reply: unknown): number {
  const load = fieldOf(reply, 'load1m')
  if (typeof load !== 'number') throw new NoLoadError('guest-get-load has no number load1m')
  return load
}

/** `guest-get-cpustats`, of Linux agents since 7.1: milliseconds since the boot. Stolen time is the host's: neither. */
function cpuTimes(reply: unknown): ReadonlyMap<number, CpuTime> {
  return new Map(
    listOf(reply).map((entry) => {
      const ms = (name: string): number => {
        const value = fieldOf(entry, name) ?? 0
        if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value)
        throw new NoLoadError(`guest-get-cpustats: ${name} is not a time`)
      }
      const busyMs = ms('user') + ms('nice') + ms('system') + ms('irq') + ms('softirq')
      return [ms('cpu'), { busyMs, idleMs: ms('idle') + ms('iowait') }]
    }),
  )
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[]
  throw new NoLoadError('the agent answered something else than a list')
}

/** The VM, its agent's channel, and what the autoscaler goes by. */
export interface AutoscalerOptions extends Pick<DomainOptions, 'qmp' | 'name'> {
  readonly qga: Target
  readonly policy: Policy
  /** Takes the trail, a JSON document a line: each decision, before it is carried out, and how each change ended. */
  readonly audit: (line: string) => void | Promise<void>
  /** Ends it. A change that is under way ends too, and the trail says what became of it. */
  readonly signal: AbortSignal
  readonly clock?: Clock
  /** The time of day for the trail. */
  readonly date?: () => Date
}

/** Follow the load of a VM until the signal aborts. */
export async function autoscale(options: AutoscalerOptions): Promise<void> {
  const { policy, signal, clock = systemClock, date = () => new Date() } = options
  checkPolicy(policy)
  // The agent's channel has one client: the domain and the reader of the load share it.
  await using agent = new SharedAgent(options.qga, clock)
  await using vm = await Domain.connect({ qmp: options.qmp, qga: agent, name: options.name, clock, signal })
  const load = new LoadReader(agent)
  let changedAtMs = -Infinity
  const write = async (entry: object): Promise<void> => {
    await options.audit(JSON.stringify({ at: date().toISOString(), vm: vm.name, ...entry }))
  }

  while (!signal.aborted) {
    const reading = await load.read()
    const size = await sizeOf(vm)
    if (typeof size !== 'number') {
      await write({ action: 'stay', reason: 'how many vCPUs the guest runs is not known', ...reading, ...size })
    } else {
      const decision = decide(policy, { size, reading, sinceChangeMs: clock.now() - changedAtMs })
      await write({ size, ...reading, ...decision })
      if (decision.action !== 'stay') {
        await write(await carryOut(vm, decision.target, signal))
        changedAtMs = clock.now()
      }
    }
    await pause(policy.periodMs, clock, signal)
  }
}

/** How many of QEMU's vCPUs the guest runs. What it says of CPUs that are no vCPU counts for nothing. */
async function sizeOf(vm: Domain): Promise<number | { readonly error: unknown }> {
  try {
    const vcpus = await vm.vcpus({ timeoutMs: READ_MS })
    if (vcpus.every(({ online, guest }) => !online || guest?.confidence !== 'unknown')) {
      return vcpus.filter(({ online, guest }) => online && guest?.online === true).length
    }
    return { error: 'the agent did not say which vCPUs it runs' }
  } catch (error) {
    if (error instanceof VcpuError) return { error }
    throw error
  }
}

async function carryOut(vm: Domain, target: number, signal: AbortSignal): Promise<object> {
  try {
    const { changed, online } = await vm.scale(target, { guest: true, rollback: true, timeoutMs: CHANGE_MS, signal })
    return { change: 'done', target, changed: String(changed), size: online }
  } catch (error) {
    // Its outcome says whether it may still happen: the next reading of the size will show.
    if (error instanceof VcpuError) return { change: 'failed', target, error }
    throw error
  }
}

/** An executor over one connection to the agent's channel, which is made again after a loss. */
class SharedAgent implements QgaExecutor, AsyncDisposable {
  readonly #target: Target
  readonly #clock: Clock
  #client: Promise<QgaClient> | undefined

  constructor(target: Target, clock: Clock) {
    this.#target = target
    this.#clock = clock
  }

  readonly execute: QgaExecutor['execute'] = async (command, args, options) => {
    // Without a sync: it goes before the first command, so that an agent that starts later is found.
    this.#client ??= QgaClient.connect(this.#target, { clock: this.#clock, sync: false })
    const dialled = this.#client
    try {
      return await (await dialled).unchecked.execute(command, args, options)
    } finally {
      const state = await dialled.then(
        ({ state }) => state,
        () => 'closed',
      )
      if (state === 'closed' && this.#client === dialled) this.#client = undefined
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // One that could not be dialled has nothing to close; its error was the caller's.
    await this.#client?.then(
      (client) => client.close(),
      () => undefined,
    )
  }
}

function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = clock.after(ms, end)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
  })
}
