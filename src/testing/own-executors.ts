import type { Duplex } from 'node:stream'
import type { QgaExecutor } from '../qga/executor.ts'
import type { QmpExecutor } from '../qmp/executor.ts'
import type { Clock } from '../wire/clock.ts'
import { OwnExecutor } from './own-executor.ts'

/** How a caller's own executor behaves. */
export interface OwnExecutorBehaviour {
  /** Of the monitor: has it `events`? It has unless told otherwise. */
  readonly events?: boolean
  /** `false`: it takes no notice of `signal` and `timeoutMs`. */
  readonly isBounded?: boolean
}

/** A caller's own executor of the monitor, and what can happen to it. */
export interface OwnQmpExecutor extends QmpExecutor {
  /** Every event stream ends, as when the daemon's own distribution of events breaks; commands go on. */
  endEvents(): void
}

/** The callers' own executors of one VM. */
export class OwnExecutors {
  readonly #clock: Clock
  readonly #executors: OwnExecutor[] = []
  #ids = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  qmp(dial: () => Duplex, behaviour: OwnExecutorBehaviour): OwnQmpExecutor {
    const executor = this.#make('qmp', dial, behaviour)
    return {
      execute: (command, args, options) => executor.execute(command, args, options),
      ...(behaviour.events === false ? {} : { events: () => executor.events() }),
      endEvents: () => {
        executor.endEvents()
      },
    }
  }

  qga(dial: () => Duplex, behaviour: OwnExecutorBehaviour): QgaExecutor {
    const executor = this.#make('qga', dial, behaviour)
    return { execute: (command, args, options) => executor.execute(command, args, options) }
  }

  /** There is a QEMU again. */
  reconnect(): void {
    for (const executor of this.#executors) executor.reconnect()
  }

  #make(label: 'qmp' | 'qga', dial: () => Duplex, { isBounded = true }: OwnExecutorBehaviour): OwnExecutor {
    const nextId = (): string => `own-${++this.#ids}`
    const executor = new OwnExecutor({ label, dial, isBounded, clock: this.#clock, nextId })
    this.#executors.push(executor)
    return executor
  }
}
