import type { AcpiOst } from '../../bitmap/machine/replies.ts'
import { TimeoutError } from '../../errors/peer-errors.ts'
import { foreignText } from '../../errors/quote.ts'
import { onRefusal } from '../../errors/refusal.ts'
import { callQga, type GuestInfo } from '../../qga/commands.ts'
import type { QgaExecutor } from '../../qga/executor.ts'
import { callQmp, type QemuStatus, type QemuVersion } from '../../qmp/commands.ts'
import { bounded } from '../../wire/bounded.ts'
import { Deadline } from '../../wire/deadline.ts'
import { readGuestView, type GuestView } from '../guest/guest-view.ts'
import type { DatedReading } from '../vm/reading.ts'
import type { Vm } from '../vm/vm.ts'
import { lookAtListener, type LocalListener } from '../../wire/local-listener.ts'
import { readAccelerator, type Accelerator } from './facts-accelerator.ts'
import { readFirmware, type FirmwareFacts } from './facts-firmware.ts'
import { readMachineFacts, type MachineFacts } from './facts-machine.ts'
import { readTcgThreads, type TcgThreads } from './facts-tcg.ts'

/** How much of the time is kept for a look at a monitor that does not answer, at most, in milliseconds. */
const MOST_FOR_LOOK_MS = 1_000

/** How long all questions to the guest may take, in milliseconds: a mute guest is to be told as that, and soon. */
const AGENT_TIMEOUT_MS = 8_000

/** Looks at a UNIX socket from outside. */
export type LookAtListener = (path: string) => Promise<LocalListener | undefined>

/**
 * What the checks want to know of a VM, each asked once at most and only if a check wants to know it. A question that failed
 * fails for every check that asked it, with the same error. Nothing is changed.
 */
export class Facts {
  readonly vm: Vm
  /** Where the monitor's UNIX socket is, where it is one. */
  readonly path: string | undefined
  /** For questions to QEMU. */
  readonly deadline: Deadline
  /** For questions to the guest. */
  readonly agentDeadline: Deadline
  readonly #answers = new Map<string, Promise<unknown>>()
  readonly #look: LookAtListener
  readonly #wholeDeadline: Deadline

  constructor(vm: Vm, deadline: Deadline, path?: string, look: LookAtListener = lookAtListener) {
    this.vm = vm
    this.path = path
    this.#look = look
    this.#wholeDeadline = deadline
    const { signal, timeoutMs } = deadline.options()
    // A monitor that answers nothing is looked at from outside in what is left.
    this.deadline = deadline.earlier(Math.min(MOST_FOR_LOOK_MS, timeoutMs / 4))
    this.agentDeadline = new Deadline(
      { signal, timeoutMs: Math.min(timeoutMs, AGENT_TIMEOUT_MS) },
      timeoutMs,
      deadline.clock,
    )
  }

  reading(): Promise<DatedReading> {
    return this.#once('reading', () => this.vm.driver.read(this.deadline))
  }

  version(): Promise<QemuVersion> {
    return this.#once('version', () => callQmp(this.vm.driver.qmp, 'query-version', undefined, this.deadline.options()))
  }

  status(): Promise<QemuStatus> {
    return this.#once('status', () => callQmp(this.vm.driver.qmp, 'query-status', undefined, this.deadline.options()))
  }

  accelerator(): Promise<Accelerator> {
    return this.#once('accelerator', () => readAccelerator(this.vm.driver.qmp, this.deadline))
  }

  /** The monitor's socket from outside; `undefined` where it cannot be seen from here, or not in the time that is left. */
  async listener(): Promise<LocalListener | undefined> {
    const { path } = this
    return path === undefined ? undefined : this.#once('listener', () => this.#lookInTime(path))
  }

  /** Does QEMU emulate all vCPUs in one thread, and how is that known? Only of use under TCG. */
  async tcgThreads(): Promise<TcgThreads> {
    const { slots } = await this.reading()
    const plugged = slots.flatMap(({ vcpus }) => vcpus)
    return this.#once('threads', async () => readTcgThreads(plugged, await this.listener()))
  }

  /** Is the firmware's flash only writable in SMM? `undefined` where the machine has no such flash. */
  firmware(): Promise<FirmwareFacts> {
    return this.#once('firmware', () => readFirmware(this.vm.driver.qmp, this.deadline))
  }

  machine(): Promise<MachineFacts> {
    return this.#once('machine', () => readMachineFacts(this.vm.driver.qmp, this.deadline))
  }

  /** The state of the last migration; `undefined` where there was none. */
  migration(): Promise<string | undefined> {
    return this.#once('migration', () =>
      callQmp(this.vm.driver.qmp, 'query-migrate', undefined, this.deadline.options()).then(
        ({ status }) => status,
        onRefusal(() => undefined),
      ),
    )
  }

  /** Each slot's last word about hotplug; none on machines without ACPI. */
  lastOst(): Promise<readonly AcpiOst[]> {
    return this.#once('ospm', () =>
      callQmp(this.vm.driver.qmp, 'query-acpi-ospm-status', undefined, this.deadline.options()).catch(
        onRefusal((): readonly AcpiOst[] => []),
      ),
    )
  }

  /**
   * The agent, if there is one that answers and may be asked for all of `commands`. That there is none, or that it may
   * not, is for one check alone to tell.
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
    return this.#once('freeze', () =>
      callQga(agent, 'guest-fsfreeze-status', undefined, this.agentDeadline.options()).catch(
        onRefusal(() => undefined),
      ),
    )
  }

  async guestView(): Promise<GuestView> {
    const reading = await this.reading()
    return this.#once('view', () => readGuestView(this.vm, reading, this.agentDeadline))
  }

  /** `/proc` has as much to read as the host has processes. */
  async #lookInTime(path: string): Promise<LocalListener | undefined> {
    const onTimeout = (): TimeoutError => new TimeoutError(`a look at ${foreignText(path)} took too long`)
    try {
      return await bounded(this.#look(path), { ...this.#wholeDeadline.timed(), onTimeout })
    } catch (error) {
      if (error instanceof TimeoutError) return undefined
      throw error
    }
  }

  #once<T>(question: string, ask: () => Promise<T>): Promise<T> {
    const answer = this.#answers.get(question) ?? ask()
    this.#answers.set(question, answer)
    return answer as Promise<T>
  }
}
