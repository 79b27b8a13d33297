import { QmpClient, type HotpluggableCpu } from '../../../src/qmp/index.ts'
import { CommandError } from '../../../src/index.ts'
import { QgaClient, type QgaExecutor } from '../../../src/qga/index.ts'

/** What a `virsh` prints, and its status. */
export interface VirshAnswer {
  readonly stdout: string
  readonly stderr: string
  readonly status: number
}

/** So long libvirt waits for the end of an unplug; the real one waits five seconds. */
const UNPLUG_WAIT_MS = 1_000
const IDS = ['socket-id', 'die-id', 'cluster-id', 'core-id', 'thread-id'] as const

/**
 * As much of libvirt's daemon as concerns vCPUs, after its public sources: it holds the one monitor of a domain `vm1` as long as
 * that runs, and its agent's channel, passes commands of `virsh qemu-monitor-command` and `qemu-agent-command` through as they are, and
 * has an account of the vCPUs that it plugged and
 * unplugged itself.
 */
export class ScriptedLibvirt implements AsyncDisposable {
  /** The vCPUs that it takes for plugged: what `virsh vcpucount` counts and a migration starts the target with. */
  readonly account: Set<number>
  /** The commands that `virsh qemu-monitor-command` and `qemu-agent-command` passed. */
  readonly passed: string[] = []
  readonly #monitor: QmpClient
  readonly #agent: QgaClient | undefined
  #requests = 0

  private constructor(monitor: QmpClient, agent: QgaClient | undefined, plugged: readonly number[]) {
    this.#monitor = monitor
    this.#agent = agent
    this.account = new Set(plugged)
  }

  /** Take the monitor of a VM, as at its start, and its agent's channel where it has one. */
  static async start(qmp: string, qga?: string): Promise<ScriptedLibvirt> {
    const monitor = await QmpClient.connect(qmp)
    const agent = qga === undefined ? undefined : await QgaClient.connect(qga)
    const slots = await slotsOf(monitor)
    return new ScriptedLibvirt(
      monitor,
      agent,
      slots.flatMap((slot, id) => (slot['qom-path'] === undefined ? [] : [id])),
    )
  }

  /** Carry out a command line of virsh. */
  async virsh(argv: readonly string[]): Promise<VirshAnswer> {
    const [verb = '', name = '', ...rest] = argv
    if (name !== 'vm1') return failed(`failed to get domain '${name}'`)
    switch (verb) {
      case 'qemu-monitor-command':
        return this.#pass(this.#monitor.unchecked, rest[0] ?? '')
      case 'qemu-agent-command':
        return this.#agent === undefined
          ? failed('argument unsupported: QEMU guest agent is not configured')
          : this.#pass(this.#agent.unchecked, rest[0] ?? '')
      case 'setvcpu':
        return this.#setVcpu(Number(rest[0]), rest.includes('--enable'))
      case 'vcpucount':
        return printed(String(this.account.size))
      default:
        return failed(`unknown command: '${verb}'`)
    }
  }

  /** The reply comes back as it is on the wire, an error too, with an id of libvirt's own. */
  async #pass(peer: QgaExecutor, text: string): Promise<VirshAnswer> {
    const request = JSON.parse(text) as { execute: string; arguments?: Record<string, unknown> }
    this.passed.push(request.execute)
    const id = `libvirt-${++this.#requests}`
    try {
      return printed(JSON.stringify({ return: await peer.execute(request.execute, request.arguments), id }))
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      return printed(JSON.stringify({ id, error: { class: error.errorClass, desc: error.description } }))
    }
  }

  async #setVcpu(id: number, enable: boolean): Promise<VirshAnswer> {
    if (this.account.has(id) === enable) return failed(`invalid argument: vcpu '${id}' is already in requested state`)
    const slot = (await slotsOf(this.#monitor))[id]
    if (slot === undefined) return failed(`invalid argument: vcpu ${id} is not present in live config`)
    return enable ? this.#plug(id, slot) : this.#unplug(id, slot)
  }

  async #plug(id: number, slot: HotpluggableCpu): Promise<VirshAnswer> {
    try {
      await this.#monitor.execute('device_add', { driver: slot.type, id: `vcpu${id}`, ...slot.props })
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      return failed(`internal error: unable to execute QEMU command 'device_add': ${error.description}`)
    }
    this.account.add(id)
    return printed('')
  }

  async #unplug(id: number, slot: HotpluggableCpu): Promise<VirshAnswer> {
    const alias = slot['qom-path']?.split('/').at(-1) ?? ''
    if (!alias.startsWith('vcpu')) return failed(`operation unsupported: vcpu '${id}' can't be unplugged`)
    const events = this.#monitor.events()
    await this.#monitor.execute('device_del', { id: alias })
    const timer = setTimeout(() => void events.return(), UNPLUG_WAIT_MS)
    for await (const { event, data } of events) {
      if (event !== 'DEVICE_DELETED' || data['device'] !== alias) continue
      clearTimeout(timer)
      this.account.delete(id)
      return printed('')
    }
    const what = 'Unplug result must be manually inspected in the domain'
    return failed(`operation failed: vcpu unplug request timed out. ${what}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#monitor.close()
    await this.#agent?.close()
  }
}

/** The slots in libvirt's order, which its ids follow. */
async function slotsOf(monitor: QmpClient): Promise<readonly HotpluggableCpu[]> {
  const slots = (await monitor.execute('query-hotpluggable-cpus')) as HotpluggableCpu[]
  const place = ({ props }: HotpluggableCpu): readonly number[] => IDS.map((name) => Number(props[name] ?? 0))
  return slots.sort((a, b) => {
    const [left, right] = [place(a), place(b)]
    return left.map((at, level) => at - (right[level] ?? 0)).find((difference) => difference !== 0) ?? 0
  })
}

function printed(text: string): VirshAnswer {
  return { stdout: `${text}\n`, stderr: '', status: 0 }
}

function failed(message: string): VirshAnswer {
  return { stdout: '', stderr: `error: ${message}\n`, status: 1 }
}
