import type { QmpEvent, QmpExecutor } from '../../../../src/qmp/executor.ts'
import type { VcpuSlot } from '../../../../src/bitmap/machine/vcpu-slot.ts'
import type { ExecuteOptions } from '../../../../src/wire/call-options.ts'
import { settled } from '../../../support/manual-clock.ts'

/** A monitor that shows one slot for each device, and that a test can stop, break and question. */
export class FakeMonitor implements QmpExecutor {
  /** The commands it has got. */
  readonly commands: string[] = []
  /** And how the last one was bounded. */
  bounds: ExecuteOptions | undefined
  /** The devices of the slots by first id; `undefined` for an empty one. Slots hold one vCPU each. */
  slots: readonly VcpuSlot[]
  /** What every command rejects with; an executor of the caller's own may reject with anything. */
  failure: { readonly reason: unknown } | undefined
  /** Makes what a command returns, where it is not what the slots say. */
  answer: ((command: string) => unknown) | undefined
  /** Commands wait for it. */
  gate: Promise<void> | undefined

  constructor(slots: readonly VcpuSlot[]) {
    this.slots = slots
  }

  /** How many readings were asked for. */
  get readings(): number {
    return this.commands.filter((command) => command === 'query-cpus-fast').length
  }

  async execute(command: string, _args?: object, options?: ExecuteOptions): Promise<unknown> {
    this.commands.push(command)
    this.bounds = options
    await this.gate
    if (this.failure !== undefined) await Promise.reject(this.failure.reason)
    const own = this.answer?.(command)
    if (own !== undefined) return own
    return command === 'query-cpus-fast'
      ? this.slots.flatMap(({ firstId, vcpus }) =>
          vcpus.map(({ qomPath, hostThreadId }) => ({
            'cpu-index': firstId,
            'qom-path': qomPath,
            'thread-id': hostThreadId,
            target: 'x86_64',
          })),
        )
      : this.slots.map(({ firstId, qomPath }) => ({
          type: 'cpu',
          'vcpus-count': 1,
          props: { 'core-id': firstId },
          ...(qomPath === null ? {} : { 'qom-path': qomPath }),
        }))
  }
}

/** Events that a test sends, for one reader. */
export class FakeEvents implements AsyncIterableIterator<QmpEvent> {
  /** Has its reader left? */
  isLeft = false
  readonly #waiting: ((next: IteratorResult<QmpEvent> | Promise<never>) => void)[] = []

  next(): Promise<IteratorResult<QmpEvent>> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  return(): Promise<IteratorResult<QmpEvent>> {
    this.isLeft = true
    return Promise.reject(new Error('leaving failed'))
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async send(event: string, data: Readonly<Record<string, unknown>> = {}): Promise<void> {
    this.#waiting.shift()?.({ done: false, value: { event, data, timestamp: { seconds: 0, microseconds: 0 } } })
    await settled()
  }

  async end(failure?: Error): Promise<void> {
    this.#waiting.shift()?.(failure === undefined ? { done: true, value: undefined } : Promise.reject(failure))
    await settled()
  }
}
