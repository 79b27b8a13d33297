import type { AcpiOst } from '../../bitmap/machine/replies.ts'
import { CommandError } from '../../errors/peer-errors.ts'
import { foreignText } from '../../errors/quote.ts'
import { callQga, type GuestInfo } from '../../qga/commands.ts'
import type { QgaExecutor } from '../../qga/executor.ts'
import { callQmp, type QemuStatus, type QemuVersion } from '../../qmp/commands.ts'
import { Deadline } from '../../wire/deadline.ts'
import { Field } from '../../wire/decode.ts'
import type { SlotReading } from '../read-slots.ts'
import { readGuestView, type GuestView } from '../translation/guest-view.ts'
import type { Vm } from '../vm.ts'
import { readAccelerator, type Accelerator } from './accelerator.ts'
import { readMachineFacts, type MachineFacts } from './machine-facts.ts'

/** How long all questions to the guest may take, in milliseconds: a mute guest is to be told as that, and soon. */
const AGENT_TIMEOUT_MS = 8_000

/**
 * One examination of a VM: what the finding sources want to know, each asked once at most and only if somebody wants to
 * know it. A question that failed fails for everybody who asked it with the same error. Nothing is changed.
 */
export class Exam {
  readonly vm: Vm
  /** For questions to QEMU. */
  readonly deadline: Deadline
  /** For questions to the guest. */
  readonly agentDeadline: Deadline
  readonly #answers = new Map<string, Promise<unknown>>()

  constructor(vm: Vm, deadline: Deadline) {
    this.vm = vm
    this.deadline = deadline
    const { signal, timeoutMs } = deadline.options()
    this.agentDeadline = new Deadline({ signal, timeoutMs: Math.min(timeoutMs, AGENT_TIMEOUT_MS) }, timeoutMs)
  }

  reading(): Promise<SlotReading> {
    return this.#once('reading', () => this.vm.read(this.deadline))
  }

  version(): Promise<QemuVersion> {
    return this.#once('version', () => callQmp(this.vm.qmp, 'query-version', undefined, this.deadline.options()))
  }

  status(): Promise<QemuStatus> {
    return this.#once('status', () => callQmp(this.vm.qmp, 'query-status', undefined, this.deadline.options()))
  }

  accelerator(): Promise<Accelerator> {
    return this.#once('accelerator', () => readAccelerator(this.vm.qmp, this.deadline))
  }

  machine(): Promise<MachineFacts> {
    return this.#once('machine', () => readMachineFacts(this.vm.qmp, this.deadline))
  }

  /** The state of the last migration; `undefined` where there was none. */
  migration(): Promise<string | undefined> {
    return this.#once('migration', async () => {
      const command = 'query-migrate'
      const reply = await this.vm.qmp
        .execute(command, undefined, this.deadline.options())
        .catch(unlessRefused<unknown>({}))
      return new Field(command, reply).optional('status', (field) => field.string())
    })
  }

  /** Each slot's last word about hotplug; none on machines without ACPI. */
  lastWords(): Promise<readonly AcpiOst[]> {
    return this.#once('ospm', () =>
      callQmp(this.vm.qmp, 'query-acpi-ospm-status', undefined, this.deadline.options()).catch(
        unlessRefused<readonly AcpiOst[]>([]),
      ),
    )
  }

  /**
   * The agent, if there is one that answers and may be asked for all of `commands`. That there is none, or that it may
   * not, is for one source alone to tell.
   */
  async agentFor(...commands: readonly string[]): Promise<QgaExecutor | undefined> {
    const { agent } = this.vm
    if (agent === undefined) return undefined
    const info = await this.agentInfo(agent).catch(() => undefined)
    const allowed = info?.supported_commands.filter(({ enabled }) => enabled).map(({ name }) => name) ?? []
    return commands.every((command) => allowed.includes(command)) ? agent : undefined
  }

  agentInfo(agent: QgaExecutor): Promise<GuestInfo> {
    return this.#once('info', () => callQga(agent, 'guest-info', undefined, this.agentDeadline.options()))
  }

  /** `frozen` or `thawed`; `undefined` where the agent may not say. */
  freezeStatus(agent: QgaExecutor): Promise<string | undefined> {
    return this.#once('freeze', async () => {
      const command = 'guest-fsfreeze-status'
      const status = await agent
        .execute(command, undefined, this.agentDeadline.options())
        .catch(unlessRefused<unknown>(undefined))
      return status === undefined ? undefined : foreignText(new Field(command, status).string(), 40)
    })
  }

  async guestView(agent: QgaExecutor): Promise<GuestView> {
    const reading = await this.reading()
    return this.#once('view', () => readGuestView(this.vm, agent, reading, this.agentDeadline))
  }

  #once<T>(question: string, ask: () => Promise<T>): Promise<T> {
    const answer = this.#answers.get(question) ?? ask()
    this.#answers.set(question, answer)
    return answer as Promise<T>
  }
}

/** A refusal is an answer too: `instead`. */
function unlessRefused<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof CommandError) return instead
    throw error
  }
}
