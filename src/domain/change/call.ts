import type { CpuMap } from '../../bitmap/set/cpu-map.ts'
import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import type { Deadline } from '../../wire/deadline.ts'
import type { Confidence, VcpuChange } from '../results.ts'
import type { Vm } from '../vm/vm.ts'
import { Ledger } from './ledger.ts'
import type { Steps } from './steps.ts'

/** One call of `setVcpuState`, its options filled in. */
export interface ChangeRequest {
  readonly id: number
  readonly online: boolean
  readonly wholeSlot: boolean
  /** Carry it through into the guest. */
  readonly guest: boolean
  readonly rollback: boolean
  /** How long undoing may take, in milliseconds: a bound of its own, for the call's is mostly over by then. */
  readonly rollbackTimeoutMs: number
  readonly leastConfidence: Confidence
  /** The id of the device to plug; a fresh one unless given. */
  readonly deviceId: string | undefined
}

/** Called before QEMU is asked; with the id of the device where it is asked to plug one. */
export type OnSend = (deviceId: string | undefined) => void

/** One change under way: what was asked for, and the account of it. */
export class ChangeCall {
  readonly vm: Vm
  readonly request: ChangeRequest
  readonly deadline: Deadline
  readonly steps: Steps
  readonly ledger = new Ledger()
  /** Its number, by which the state tells its requests from those of others. */
  readonly caller: number
  /** The id of the device that it has asked QEMU to plug; its plug is followed until the call ends. */
  plugging: string | undefined
  readonly #onSend: OnSend | undefined
  /** The tick at which it began: what QEMU said before explains nothing. */
  readonly sinceTick: number

  constructor(vm: Vm, request: ChangeRequest, deadline: Deadline, steps: Steps, onSend?: OnSend) {
    this.vm = vm
    this.request = request
    this.deadline = deadline
    this.steps = steps
    this.#onSend = onSend
    this.caller = vm.driver.newCaller()
    this.sinceTick = vm.driver.state.now.tick
  }

  /** In words, for messages. */
  get what(): string {
    return `${this.request.online ? 'plug' : 'unplug'} of vCPU ${this.request.id}`
  }

  /** It is about to ask QEMU to plug this device. */
  plugs(deviceId: string): void {
    this.plugging = deviceId
    this.#onSend?.(deviceId)
  }

  /** It is about to ask QEMU to unplug one. */
  unplugs(): void {
    this.#onSend?.(undefined)
  }

  /** Nothing is sent once the caller has aborted or the domain is closed. */
  throwIfOver(): void {
    this.deadline.signal?.throwIfAborted()
    this.vm.driver.throwIfClosed()
  }

  /** A result of it; `changed` holds what this call changed itself. */
  result(
    slot: Pick<VcpuSlot, 'firstId' | 'ids' | 'vcpus'>,
    rest: Pick<VcpuChange, 'changed' | 'deviceId' | 'guest'>,
  ): VcpuChange {
    const { id, online } = this.request
    const thread = id - slot.firstId
    const threads = online ? slot.vcpus.map(({ hostThreadId }) => hostThreadId) : []
    return {
      outcome: 'done',
      id,
      online,
      slot: slot.ids,
      steps: this.steps.done,
      hostThreadId: threads[thread] ?? null,
      hostThreadIds: threads,
      ...rest,
    }
  }
}

/** What a change did in the guest. */
export interface GuestPart {
  /** The guest's ids of the vCPUs. */
  readonly ids: CpuMap
  /** Those among them that were turned on or off. */
  readonly changed: CpuMap
}
