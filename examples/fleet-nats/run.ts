// A fleet over NATS: 20 hosts of 50 simulated VMs each, all their maps, a hundred VMs scaled, and a host that is killed meanwhile.
//   npx tsx examples/fleet-nats/run.ts
// The hosts are processes of their own; the server is Debian's (nats-server.ts).
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { connect } from '@nats-io/transport-node'
import { CpuMap } from 'qemu-vcpu'
import { Fleet, type DeadHost } from './fleet.ts'
import { endOf, startServer } from './nats-server.ts'
import { HostError, TransportError, type TruthReply } from './wire.ts'

const HOST_PROGRAM = fileURLToPath(new URL('simulated-host.ts', import.meta.url))
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
/** Maps that are asked for at once. */
const AT_ONCE = 50
const START_MS = 240_000
const READ_MS = 30_000
const SCALE_MS = 60_000

/** What became of a VM that was asked to scale. */
export interface Scaled {
  readonly host: string
  readonly vm: string
  readonly count: number
  /** `refused`: by the Domain, the VM or the guest; else it stands for `outcome` of the transport's error. */
  readonly result: 'done' | 'refused' | 'not-sent' | 'unknown'
  /** The vCPUs that were plugged. */
  readonly changed: string
  readonly error?: HostError | TransportError
}

/** What a run saw. */
export interface FleetReport {
  readonly hosts: readonly string[]
  /** The map of each VM, as its host said. */
  readonly maps: ReadonlyMap<string, string>
  readonly p50Ms: number
  readonly p99Ms: number
  /** What became of each VM that was asked for: one entry each. */
  readonly scaled: readonly Scaled[]
  readonly killed: string
  readonly dead: readonly DeadHost[]
  /** From the kill until the dead host was named. */
  readonly namedAfterMs: number
  /** What is really plugged in each VM of the hosts that live, before and at the end. */
  readonly before: ReadonlyMap<string, TruthReply>
  readonly after: ReadonlyMap<string, TruthReply>
}

/** Run the whole. */
export async function runFleet(
  { hosts = 20, vms = 50, scale = 100 }: { readonly hosts?: number; readonly vms?: number; readonly scale?: number },
  say: (line: string) => void,
): Promise<FleetReport> {
  await using server = await startServer()
  const names = Array.from({ length: hosts }, (_, at) => `h${String(at).padStart(2, '0')}`)
  const all = names.flatMap((host) => Array.from({ length: vms }, (_, at) => ({ host, vm: nameOf(host, at) })))
  await using processes = await startHosts(names, server.url, vms)
  const nats = await connect({ servers: server.url, name: 'fleet', reconnect: false })
  try {
    await using fleet = new Fleet(nats)
    const found = await fleet.discover()
    say(`${found.length} hosts, ${all.length} VMs`)

    const maps = new Map<string, string>()
    const latencies: number[] = []
    await eachOf(all, async ({ host, vm }) => {
      const beganMs = performance.now()
      const { online } = await fleet.ask(host, 'map', vm, READ_MS)
      latencies.push(performance.now() - beganMs)
      maps.set(vm, online)
    })
    const [p50Ms, p99Ms] = [quantile(latencies, 0.5), quantile(latencies, 0.99)]
    say(`${maps.size} maps, ${AT_ONCE} at a time: p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`)
    const before = await truths(fleet, all)

    // Some of each host. Two hosts have a VM among them that makes trouble: one whose guest refuses, and one whose guest takes an
    // hour, so that its host certainly owes an answer when it is killed.
    const killed = names[Math.floor(hosts / 2)] ?? ''
    const wanted = Array.from({ length: scale }, (_, at) => {
      const host = names[at % hosts] ?? ''
      const first = at < hosts
      const index = first && host === killed ? vms - 1 : first && at === 0 ? vms - 2 : Math.floor(at / hosts)
      const vm = nameOf(host, index)
      return { host, vm, count: CpuMap.parse(maps.get(vm) ?? '').size + 2 }
    })
    let killedAtMs = 0
    let namedAtMs = 0
    const kill = (): void => {
      if (killedAtMs > 0) return
      killedAtMs = performance.now()
      processes.kill(killed)
    }
    const scaled = await Promise.all(
      wanted.map(async ({ host, vm, count }): Promise<Scaled> => {
        // Made once, for this change of this VM.
        const id = `${nats.info?.client_id ?? 0}/${vm}/${count}`
        try {
          const { changed } = await fleet.scale(host, vm, count, id, SCALE_MS)
          // In the middle: it has answered some of its requests, and owes others.
          if (host === killed) kill()
          return { host, vm, count, result: 'done', changed }
        } catch (error) {
          if (error instanceof HostError) return { host, vm, count, result: 'refused', changed: '', error }
          if (!(error instanceof TransportError)) throw error
          if (fleet.dead.length > 0 && namedAtMs === 0) namedAtMs = performance.now()
          return { host, vm, count, result: error.outcome, changed: '', error }
        }
      }),
    )
    for (const { host, code } of fleet.dead) {
      say(`host ${host} is dead (${code}), named ${Math.round(namedAtMs - killedAtMs)} ms after it was killed`)
    }
    const results = (['done', 'refused', 'unknown', 'not-sent'] as const).map(
      (result) => `${result} ${scaled.filter((each) => each.result === result).length}`,
    )
    say(`${scaled.length} VMs asked to scale: ${results.join(', ')}`)
    for (const { vm, error, result } of scaled) if (error !== undefined) say(`  ${vm}: ${result}, ${error.message}`)

    // A request that comes again is not carried out again: its host knows its id.
    const again = scaled.find(({ result }) => result === 'done')
    if (again !== undefined) {
      const { host, vm, count, changed } = again
      const reply = await fleet.scale(host, vm, count, `${nats.info?.client_id ?? 0}/${vm}/${count}`, SCALE_MS)
      if (reply.changed !== changed) throw new Error(`${vm} was scaled twice: ${changed}, then ${reply.changed}`)
    }
    const living = all.filter(({ host }) => fleet.dead.every((dead) => dead.host !== host))
    return {
      ...{ hosts: found, maps, p50Ms, p99Ms, scaled, killed, dead: fleet.dead },
      ...{ namedAfterMs: namedAtMs - killedAtMs, before, after: await truths(fleet, living) },
    }
  } finally {
    await nats.close()
  }
}

function nameOf(host: string, index: number): string {
  return `${host}-vm${String(index).padStart(2, '0')}`
}

type VmOfHost = Readonly<Record<'host' | 'vm', string>>

async function truths(fleet: Fleet, vms: readonly VmOfHost[]): Promise<ReadonlyMap<string, TruthReply>> {
  const found = new Map<string, TruthReply>()
  await eachOf(vms, async ({ host, vm }) => {
    found.set(vm, await fleet.ask(host, 'truth', vm, READ_MS))
  })
  return found
}

/** Do something with each, so many at a time. */
async function eachOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  const work = async (): Promise<void> => {
    for (const item of left) await act(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

function quantile(values: readonly number[], share: number): number {
  const ascending = [...values].sort((a, b) => a - b)
  return ascending[Math.ceil(share * ascending.length) - 1] ?? NaN
}

/** The processes of the hosts. */
interface HostProcesses extends AsyncDisposable {
  /** SIGKILL: it says goodbye to none. */
  readonly kill: (host: string) => void
}

async function startHosts(names: readonly string[], server: string, vms: number): Promise<HostProcesses> {
  const children = new Map(
    names.map((host) => [
      host,
      fork(HOST_PROGRAM, [host, server, String(vms)], {
        cwd: REPOSITORY,
        execArgv: ['--import', import.meta.resolve('tsx')],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      }),
    ]),
  )
  const stop = async (): Promise<void> => {
    await Promise.all([...children.values()].map(endOf))
  }
  try {
    await Promise.all([...children].map(([host, child]) => readiness(host, child)))
  } catch (error) {
    await stop()
    throw error
  }
  return { kill: (host) => children.get(host)?.kill('SIGKILL'), [Symbol.asyncDispose]: stop }
}

async function readiness(host: string, child: ChildProcess): Promise<void> {
  const signal = AbortSignal.timeout(START_MS)
  const ended = once(child, 'exit', { signal }).then(([status]) => {
    throw new Error(`the process of ${host} ended with ${String(status)}`)
  })
  // The one that is not first has nothing more to say.
  await Promise.race([once(child, 'message', { signal }), ended])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runFleet({}, console.log)
