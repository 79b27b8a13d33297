import { isAboutSlot, OST_SOURCE, OST_STATUS } from '../../bitmap/machine/ost.ts'
import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import type { KnownQmpEvent } from '../../qmp/events.ts'
import type { Vm } from '../vm.ts'

/** What the guest has answered to a plug: nothing yet, that it took it, or that it cannot. */
export type PlugAnswer =
  { readonly ack: 'none' } | { readonly ack: 'accepted' } | { readonly ack: 'rejected'; readonly status: number }

/**
 * Hears what the guest answers to one plug (`ACPI_DEVICE_OST`; x86, arm and loongarch only). Begun before QEMU is asked,
 * so that no answer is missed.
 */
export class PlugWatch {
  readonly #slot: VcpuSlot
  readonly #deviceId: string
  readonly #unlisten: () => void
  #answer: PlugAnswer = { ack: 'none' }
  #wake: () => void = () => undefined

  constructor(vm: Vm, slot: VcpuSlot, deviceId: string) {
    this.#slot = slot
    this.#deviceId = deviceId
    this.#unlisten = vm.listen((event) => {
      this.#onEvent(event)
    })
  }

  get answer(): PlugAnswer {
    return this.#answer
  }

  /** Until the guest answers, or `ms` have passed. */
  async pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        this.#wake = () => undefined
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal?.addEventListener('abort', done, { once: true })
      this.#wake = done
    })
    signal?.throwIfAborted()
  }

  close(): void {
    this.#unlisten()
    this.#wake()
  }

  #onEvent(event: KnownQmpEvent): void {
    if (event.event !== 'ACPI_DEVICE_OST') return
    const { info } = event.data
    if (!isAboutSlot(info, this.#slot.firstId) || info.source !== OST_SOURCE.deviceCheck) return
    // A report about the slot's last device, told late.
    if (info.device !== undefined && info.device !== this.#deviceId) return
    this.#answer = info.status === OST_STATUS.success ? { ack: 'accepted' } : { ack: 'rejected', status: info.status }
    this.#wake()
  }
}
