import { InputError } from '../errors/input-error.ts'
import type { CommandArguments } from './command-hooks.ts'
import { errorMessage } from './peer-reply.ts'
import type { VmLife } from './vm-life.ts'
import type { VmRecord } from './vm-record.ts'

/**
 * Somebody else who acts on the VM: through another monitor, and in the guest by hand. Faults and waits do not concern
 * them; the events of what they do reach everyone.
 */
export class OtherClient {
  readonly #life: () => VmLife
  readonly #record: VmRecord
  #plugs = 0

  private constructor(life: () => VmLife, record: VmRecord) {
    this.#life = life
    this.#record = record
  }

  /** @internal */
  static of(life: () => VmLife, record: VmRecord): OtherClient {
    return new OtherClient(life, record)
  }

  /**
   * Plug the slot of a vCPU.
   *
   * @param id - its cpu-index
   * @param deviceId - `other-1`, `other-2`, … unless given
   * @returns the device's id
   * @throws {@link Refusal} as QEMU refuses
   */
  plug(id: number, deviceId = `other-${++this.#plugs}`): string {
    const { slots } = this.#life().qemu.board.plan
    const slot = slots.find(({ firstId, count }) => id >= firstId && id < firstId + count)
    if (slot === undefined) throw new InputError('ERR_VCPU', `no slot holds vCPU ${id}`)
    this.#command('device_add', { driver: slot.type, id: deviceId, ...slot.props })
    return deviceId
  }

  /**
   * Ask for a vCPU's device back.
   *
   * @param id - its cpu-index
   * @throws {@link Refusal} as QEMU refuses
   */
  unplug(id: number): void {
    const device = this.#life().qemu.board.deviceOf(id)
    if (device === undefined) throw new InputError('ERR_VCPU', `vCPU ${id} is not plugged`)
    this.#command('device_del', { id: device.id ?? device.path })
  }

  /**
   * Turn one of the guest's CPUs on or off.
   *
   * @param logicalId - the guest's id of it
   * @throws {@link Refusal} as the guest refuses
   */
  guestSet(logicalId: number, online: boolean): void {
    const life = this.#life()
    const { guest } = life.qemu
    guest.setOnline(logicalId, online)
    this.#record.guestSwitch(life.moment, 'other', { logicalId, online, cpuIndex: guest.cpuIndexOf(logicalId) })
  }

  #command(command: 'device_add' | 'device_del', args: CommandArguments): void {
    const life = this.#life()
    const settle = this.#record.command(life.moment, 'qmp', 'other', { command, arguments: args })
    try {
      life.qemu.command(command, args)
      settle({})
    } catch (error) {
      settle(errorMessage(error))
      throw error
    }
  }
}
