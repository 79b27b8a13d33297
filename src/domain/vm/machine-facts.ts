import { isX86 } from '../../bitmap/machine/apic-id.ts'
import { needsX2apic, type MachineLimits } from '../../bitmap/machine/limits.ts'
import { isPlugged, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { ExecutorError } from '../../errors/executor-error.ts'
import { ProtocolError, type CommandError } from '../../errors/peer-errors.ts'
import { isRefusal, onRefusal } from '../../errors/refusal.ts'
import { callQmp } from '../../qmp/commands.ts'
import type { QmpExecutor } from '../../qmp/executor.ts'
import { readProperty, type QomProperties } from '../../qmp/properties.ts'
import type { Deadline } from '../../wire/deadline.ts'
import type { Moment } from './moment.ts'

/**
 * How QEMU refuses `query-hotpluggable-cpus` on a machine without hotplug: in 7.2, and in 10.0. Only for a QEMU that
 * does not say what its machine can.
 */
const REFUSALS = ["The feature 'query-hotpluggable-cpus' is not enabled", 'machine does not support hot-plugging CPUs']

/**
 * What a machine is, beside its slots, as far as hotplug is concerned. It stays what it is for QEMU's whole life, so it is
 * asked once for each connection and boot.
 */
export class MachineFacts {
  #of: Pick<Moment, 'connection' | 'boot'> = { connection: -1, boot: -1 }
  #limits: { acpi?: string | undefined; x2apic?: boolean | undefined } = {}
  readonly #asked = new Set<'acpi' | 'x2apic' | 'hotplug'>()
  #hasHotplug: boolean | undefined

  /**
   * What limits the slots.
   *
   * @param slots - as QEMU lists them
   * @param target - QEMU's name of the architecture
   * @throws what the executor rejects with, other than that it does not tell
   */
  async limits(
    qmp: QmpExecutor,
    slots: readonly VcpuSlot[],
    target: string | undefined,
    now: Moment,
    deadline: Deadline,
  ): Promise<MachineLimits> {
    if (!isX86(target)) return {}
    this.#forgetOthers(now)
    if (!this.#asked.has('acpi')) {
      this.#limits.acpi = await this.#tell(qmp, '/machine', 'acpi', deadline)
    }
    const plugged = slots.find(isPlugged)
    if (plugged !== undefined && !this.#asked.has('x2apic') && needsX2apic(slots)) {
      // All slots of a machine take the same CPU model.
      this.#limits.x2apic = await this.#tell(qmp, plugged.qomPath, 'x2apic', deadline)
    }
    return { ...this.#limits }
  }

  /**
   * Does QEMU refuse for the machine, which has no hotplug? Any other error of `query-hotpluggable-cpus` says nothing of it.
   *
   * @throws what the executor rejects with, other than that it does not tell
   */
  async isWithoutHotplug(qmp: QmpExecutor, error: CommandError, now: Moment, deadline: Deadline): Promise<boolean> {
    if (!isRefusal(error)) return false
    this.#forgetOthers(now)
    if (!this.#asked.has('hotplug')) {
      this.#hasHotplug = await readHasHotplug(qmp, deadline)
      this.#asked.add('hotplug')
    }
    return this.#hasHotplug === undefined ? REFUSALS.includes(error.description) : !this.#hasHotplug
  }

  #forgetOthers({ connection, boot }: Moment): void {
    if (this.#of.connection === connection && this.#of.boot === boot) return
    this.#of = { connection, boot }
    this.#limits = {}
    this.#asked.clear()
    this.#hasHotplug = undefined
  }

  /** What cannot be told is not known: a reading of the slots does not fail of it. */
  async #tell<P extends 'acpi' | 'x2apic'>(
    qmp: QmpExecutor,
    path: string,
    property: P,
    deadline: Deadline,
  ): Promise<QomProperties[P] | undefined> {
    const value = await readProperty(qmp, path, property, deadline.options()).catch(unlessUntold)
    this.#asked.add(property)
    return value
  }
}

/** An executor of the caller's own may not know the question, or have an answer of its own to it. */
function unlessUntold(error: unknown): undefined {
  if (error instanceof ExecutorError || error instanceof ProtocolError) return undefined
  throw error
}

/** Whether the machine has hotplug, by QEMU's own table of machines; `undefined` where it does not tell. */
async function readHasHotplug(qmp: QmpExecutor, deadline: Deadline): Promise<boolean | undefined> {
  const type = await readProperty(qmp, '/machine', 'type', deadline.options()).catch(unlessUntold)
  if (type === undefined) return undefined
  const machines = await callQmp(qmp, 'query-machines', undefined, deadline.options())
    .catch(onRefusal(() => undefined))
    .catch(unlessUntold)
  return machines?.find(({ name }) => `${name}-machine` === type)?.['hotpluggable-cpus']
}
