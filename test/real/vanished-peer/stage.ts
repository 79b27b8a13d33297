import type { Machine } from '../../../packages/guest-kit/src/index.ts'
import { Domain, VcpuError, type DomainOptions, type DomainState, type WireTraceEntry } from '../../../src/index.ts'
import { start } from '../support/boot.ts'
import { eventually } from '../support/eventually.ts'
import { loopback } from './loopback.ts'

const HOST = '127.0.0.1'
const PORT = 4_444

/** How a call ended, in words that can be compared. */
export interface Said {
  readonly code: string
  readonly outcome?: string | undefined
}

/** A QEMU whose monitor is on the loopback device of this process's own network, and a Domain connected to it. */
export class Stage implements AsyncDisposable {
  readonly domain: Domain
  /** Each `device_add` that left. */
  readonly plugs: string[] = []
  readonly states: DomainState[] = []
  machine: Machine
  /** Called as each command that changes something leaves, before it is written. */
  onPlug: () => void = () => undefined
  readonly #following: Promise<void>

  private constructor(machine: Machine, connect: (trace: (entry: WireTraceEntry) => void) => Domain) {
    this.machine = machine
    this.domain = connect(this.#trace)
    this.#following = this.#follow()
  }

  static async open(options: Partial<DomainOptions> = {}): Promise<Stage> {
    loopback.up()
    const machine = await startQemu()
    // The trace is the stage's own, and a Domain wants it before it is there.
    let trace: (entry: WireTraceEntry) => void = () => undefined
    const domain = await Domain.connect({
      qmp: `tcp:${HOST}:${PORT}`,
      trace: (entry) => {
        trace(entry)
      },
      ...options,
    })
    return new Stage(machine, (own) => {
      trace = own
      return domain
    })
  }

  /** Another QEMU at the same address. */
  async replaceQemu(): Promise<void> {
    await this.machine.stop()
    this.machine = await startQemu()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    loopback.up()
    await this.domain.close()
    await this.#following
    await this.machine.stop()
  }

  /** Resolves when the Domain says that it is in that state. */
  async reaches(state: DomainState): Promise<void> {
    await eventually(`the domain is ${state}`, () => Promise.resolve(this.domain.state === state))
  }

  readonly #trace = ({ direction, bytes }: WireTraceEntry): void => {
    if (direction === 'in') return
    for (const line of Buffer.from(bytes).toString().split('\n')) {
      const id = /"device_add".*"id":"(?<id>vcpu[^"]*)"/.exec(line)?.groups?.['id']
      if (id === undefined) continue
      this.plugs.push(id)
      this.onPlug()
    }
  }

  async #follow(): Promise<void> {
    for await (const { state } of this.domain.states()) this.states.push(state)
  }
}

/** How a change or a reading ends. */
export async function said(call: Promise<unknown>): Promise<Said> {
  try {
    await call
    return { code: 'done' }
  } catch (error) {
    if (!(error instanceof VcpuError)) throw error
    return { code: error.code, outcome: error.outcome }
  }
}

function startQemu(): Promise<Machine> {
  return start('x86_64', {
    smp: '2,maxcpus=8',
    extraArgs: [
      ...['-chardev', `socket,id=tcp,host=${HOST},port=${PORT},server=on,wait=off`],
      ...['-mon', 'chardev=tcp,mode=control'],
    ],
  })
}
