import type { Duplex } from 'node:stream'
import { expect, onTestFinished } from 'vitest'
import { Domain, QgaClient, type CpuMap, type DomainOptions, type QmpEvent, type QmpExecutor } from '../../src/index.ts'
import { QmpClient } from '../../src/qmp/index.ts'
import {
  SimulatedAgent,
  SimulatedQemu,
  type SimulatedAgentOptions,
  type SimulatedQemuOptions,
} from '../../src/testing/index.ts'
import { testClock, until } from '../support/passing-clock.ts'
import { settle } from '../unit/wire/scripted-peer.ts'

export { testClock, until } from '../support/passing-clock.ts'
export { settle } from '../unit/wire/scripted-peer.ts'

/** The time-out of a call that is meant to run into it, in virtual time. */
export const TIMEOUT_MS = 50
/** More virtual time than any default time-out: a promise that has not settled by then is reported as pending. */
const FENCE_MS = 120_000

/** Options of an agent that may not read files of its guest. */
export const WITHOUT_FILES: SimulatedAgentOptions = {
  blocked: ['guest-file-open', 'guest-file-read', 'guest-file-close'],
}

/** A simulated VM and a domain connected to it. */
export interface Simulated {
  readonly qemu: SimulatedQemu
  readonly agent: SimulatedAgent
  readonly domain: Domain
}

/** How the VM is made and reached. */
export interface SimulatedOptions {
  readonly machine?: Partial<SimulatedQemuOptions>
  readonly agent?: SimulatedAgentOptions
  /** The monitor's endpoint; a connected Duplex unless given. */
  readonly qmp?: (qemu: SimulatedQemu) => Endpoint<'qmp'> | Promise<Endpoint<'qmp'>>
  /** The agent's endpoint; a connected Duplex unless given. */
  readonly qga?: (agent: SimulatedAgent) => Endpoint<'qga'> | Promise<Endpoint<'qga'>>
}

type Endpoint<K extends 'qmp' | 'qga'> = NonNullable<DomainOptions[K]>

/**
 * A q35 with two vCPUs of eight, unless told otherwise, and a domain connected to it: all in virtual time, and closed when the
 * test ends.
 */
export async function connectSimulated(options: SimulatedOptions = {}): Promise<Simulated> {
  const { qemu, agent } = simulate(options)
  const qmp = (await options.qmp?.(qemu)) ?? qemu.connect()
  const qga = (await options.qga?.(agent)) ?? agent.connect()
  return { qemu, agent, domain: await connect({ qmp, qga }) }
}

/** Only the VM. */
export function simulate({ machine, agent: agentOptions }: SimulatedOptions = {}): Omit<Simulated, 'domain'> {
  const qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8, ...machine }, { clock: testClock() })
  const agent = new SimulatedAgent(qemu.guest, agentOptions)
  onTestFinished(async () => {
    await qemu[Symbol.asyncDispose]()
    await agent[Symbol.asyncDispose]()
  })
  return { qemu, agent }
}

/** The one place in which a domain is made. */
export async function connect(options: DomainOptions): Promise<Domain> {
  const domain = await Domain.connect({ clock: testClock(), ...options })
  onTestFinished(() => domain.close())
  return domain
}

/** A client of the monitor that a daemon owns and hands out as an executor. */
export async function daemonsMonitor(qemu: SimulatedQemu): Promise<QmpClient> {
  const client = await QmpClient.connect(qemu.connect(), { clock: testClock() })
  onTestFinished(() => client.close())
  return client
}

/** A client of the agent that a daemon owns and hands out as an executor. */
export async function daemonsAgent(agent: SimulatedAgent): Promise<QgaClient> {
  const client = await QgaClient.connect(agent.connect(), { clock: testClock() })
  onTestFinished(() => client.close())
  return client
}

/** A VM whose monitor and agent a daemon owns, and a domain on the daemon's executors. */
export interface Shared extends Simulated {
  readonly monitor: QmpClient
  readonly other: OtherClient
  /** Every command that a domain has handed to an executor, in order. */
  readonly calls: readonly string[]
  /** One more domain on the same executors. */
  readonly connectAgain: () => Promise<Domain>
}

/** @param executorOf - the executor that is handed to domains; the daemon's client unless given */
export async function connectShared(
  options: Pick<SimulatedOptions, 'machine' | 'agent'> = {},
  executorOf: (monitor: QmpClient) => QmpExecutor = (monitor) => monitor,
): Promise<Shared> {
  const { qemu, agent } = simulate(options)
  const monitor = await daemonsMonitor(qemu)
  const other = await otherClient(monitor)
  const calls: string[] = []
  const qmp = noting(executorOf(monitor), calls)
  const qga = noting(await daemonsAgent(agent), calls)
  const connectAgain = () => connect({ qmp, qga })
  return { qemu, agent, monitor, other, calls, connectAgain, domain: await connectAgain() }
}

/** The same executor, which notes each command that it is given. */
function noting(executor: QmpExecutor, calls: string[]): QmpExecutor {
  const events = executor.events?.bind(executor)
  return {
    execute: (command, args, options) => {
      calls.push(command)
      return executor.execute(command, args, options)
    },
    ...(events === undefined ? {} : { events }),
  }
}

/** An executor over a client without its events. */
export function withoutEvents(client: QmpClient): QmpExecutor {
  return { execute: (command, args, options) => client.execute(command, args, options) }
}

/** An executor whose stream of events ends when the test says so. */
export function withEndingEvents(client: QmpClient): { executor: QmpExecutor; endEvents: () => Promise<unknown> } {
  const events = client.events()
  return {
    executor: { ...withoutEvents(client), events: (): AsyncIterable<QmpEvent> => events },
    endEvents: () => events.return(),
  }
}

/** An endpoint that is a function: it dials each time it is called. */
export function dialling(dial: () => Duplex | Promise<Duplex>): string {
  return dial as unknown as string
}

/** What another client of the same monitor does to the machine. */
export interface OtherClient {
  readonly plug: (id: number) => Promise<unknown>
  readonly unplug: (id: number) => Promise<unknown>
}

/** Another client: it knows nothing of the domain. The slots must be those of the machine's start. */
export async function otherClient(monitor: QmpClient): Promise<OtherClient> {
  const slots = (await monitor.execute('query-hotpluggable-cpus')).toReversed()
  const firstIds = slots.map((_, at) => slots.slice(0, at).reduce((sum, slot) => sum + slot['vcpus-count'], 0))
  const slotOf = (id: number) => slots[firstIds.indexOf(id)]
  return {
    plug: (id) => {
      const slot = slotOf(id)
      return monitor.execute('device_add', { ...slot?.props, driver: slot?.type, id: `other${id}` })
    },
    unplug: (id) => monitor.execute('device_del', { id: slotOf(id)?.['qom-path'] ?? `other${id}` }),
  }
}

/** How often a command was received. */
export function timesReceived({ commands }: SimulatedQemu | SimulatedAgent, name: string): number {
  return commands.filter(({ command }) => command === name).length
}

/** All commands received that could have changed something. */
export function changesReceived({ commands }: SimulatedQemu | SimulatedAgent): string[] {
  return commands.map(({ command }) => command).filter((command) => /^device_|^guest-set/.test(command))
}

/** Resolves once the peer has received a command, carried it out, and the guest has had a tick for it. */
export function answered(peer: SimulatedQemu | SimulatedAgent, command: string): Promise<void> {
  return new Promise((resolve) => {
    const unhook = peer.onCommand(command, (_, usual) => {
      unhook()
      void settle().then(resolve)
      return usual()
    })
  })
}

/** How a promise ended, or that it did not. */
export type Ended<T> =
  | { readonly state: 'done'; readonly value: T }
  | { readonly state: 'failed'; readonly error: Failure }
  | { readonly state: 'pending' }

/** What the tests look at in an error: also members that not every error has. */
export interface Failure extends Error {
  readonly code?: string
  readonly outcome?: string
  readonly changed?: CpuMap
}

/** Wait for a promise, but not beyond so much virtual time. */
export async function ended<T>(promise: PromiseLike<T>, withinMs = FENCE_MS): Promise<Ended<T>> {
  let cancel = (): void => undefined
  const fence = new Promise<Ended<T>>((resolve) => {
    const timer = testClock().after(withinMs, () => {
      resolve({ state: 'pending' })
    })
    cancel = () => {
      timer.cancel()
    }
  })
  const first = await Promise.race([settled(promise), fence])
  cancel()
  return first
}

/** How a promise ends, for a test that moves the time itself. */
export async function settled<T>(promise: PromiseLike<T>): Promise<Ended<T>> {
  return promise.then(
    (value): Ended<T> => ({ state: 'done', value }),
    (error: unknown): Ended<T> => ({ state: 'failed', error: error as Failure }),
  )
}

/** The value of a call that must succeed within the fence. */
export async function resultOf<T>(promise: PromiseLike<T>): Promise<T> {
  const end = await ended(promise)
  if (end.state === 'done') return end.value
  throw end.state === 'failed' ? end.error : new Error('the call has not settled')
}

/** The error of a call that must fail within the fence. */
export async function failureOf(promise: PromiseLike<unknown>): Promise<Failure> {
  return errorOf(await ended(promise))
}

/** The error of a call that must have failed. */
export function errorOf(end: Ended<unknown>): Failure {
  expect(end.state).toBe('failed')
  return end.state === 'failed' ? end.error : new Error('unreachable')
}

/** A call whose end is of no interest here. */
export function begin<T>(promise: PromiseLike<T>): PromiseLike<T> {
  promise.then(undefined, () => undefined)
  return promise
}

/** An AbortError that names the reason as its cause, and one of the outcomes that are true here. */
export function expectAborted(error: Failure, reason: unknown, outcomes: readonly string[]): void {
  expect(error.name).toBe('AbortError')
  expect(error.cause).toBe(reason)
  expect(outcomes).toContain(error.outcome)
}

/** The ids whose request was sent and whose result is not known, as the error of a run says. */
export function inDoubtOf(error: Failure): string {
  const { inDoubt } = error as unknown as { readonly inDoubt?: CpuMap }
  return inDoubt === undefined ? 'nothing is said' : String(inDoubt)
}

/** The ids that a failed run has changed, as its error says. */
export function changedOf(error: Failure): string {
  return error.changed === undefined ? 'nothing is said' : String(error.changed)
}

/** One event of a domain, of a type that need not exist yet. */
export interface Told {
  readonly type: string
  readonly ids: string | undefined
  readonly deviceId: unknown
  readonly error: unknown
}

interface AnyEvent {
  readonly type: string
  readonly ids?: CpuMap
  readonly deviceId?: unknown
  readonly error?: unknown
}

/** Collect all that a domain tells from now on. */
export function listenTo(domain: Domain): readonly Told[] {
  const told: Told[] = []
  const read = async (): Promise<void> => {
    for await (const event of domain.changes() as unknown as AsyncIterable<AnyEvent>) {
      const { type, ids, deviceId, error } = event
      told.push({ type, ids: ids === undefined ? undefined : String(ids), deviceId, error })
    }
  }
  begin(read())
  return told
}

/** Wait until an event of a type, about these ids where they are given, has been told. */
export async function untilTold(told: readonly Told[], type: string, ids?: string): Promise<void> {
  const wanted = ids === undefined ? type : `${type} ${ids}`
  await until(() =>
    told.some((event) => wanted === (ids === undefined ? event.type : `${event.type} ${event.ids ?? ''}`)),
  )
}

/** The logical id of the guest's CPU that really is a vCPU, and whether the guest runs it. */
export function truthInGuest({ guest }: SimulatedQemu, vcpu: number) {
  const seat = guest.seats.find(({ cpuIndex }) => cpuIndex === vcpu)
  return seat === undefined ? undefined : { id: seat.logicalId, online: seat.online }
}

/** Ids of the vCPUs that are really online in the guest. */
export function runInGuest({ guest }: SimulatedQemu): number[] {
  return guest.seats.flatMap(({ cpuIndex, online }) => (online && cpuIndex !== undefined ? [cpuIndex] : []))
}
