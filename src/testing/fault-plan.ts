import { InputError } from '../errors/input-error.ts'
import type { CommandFault, EventFault, Fault } from './fault.ts'

interface Armed {
  readonly fault: Fault
  seen: number
}

/** The faults that are set, and how often each has had its chance. */
export class FaultPlan {
  readonly #hasClock: boolean
  #armed: Armed[] = []

  /** @param hasClock - can anything come late? */
  constructor(hasClock: boolean) {
    this.#hasClock = hasClock
  }

  get faults(): readonly Fault[] {
    return this.#armed.map(({ fault }) => fault)
  }

  /**
   * Set these faults in place of all others; counting begins anew.
   *
   * @throws {@link InputError} `ERR_FAULT` for one that needs time where there is no clock, or an `nth` that never comes
   */
  set(faults: readonly Fault[]): void {
    for (const fault of faults) this.#check(fault)
    this.#armed = faults.map((fault) => ({ fault, seen: 0 }))
  }

  /** Set one more; the function returned takes it away again. */
  add(fault: Fault): () => void {
    this.#check(fault)
    const armed = { fault, seen: 0 }
    this.#armed.push(armed)
    return () => {
      this.#armed = this.#armed.filter((other) => other !== armed)
    }
  }

  /** The fault that strikes this command, if one does; the first that is set where several would. */
  ofCommand(command: string): CommandFault | undefined {
    return this.#strike((fault): fault is CommandFault => 'command' in fault.at && fault.at.command === command)
  }

  /** The fault that strikes this event, if one does. */
  ofEvent(event: string): EventFault | undefined {
    return this.#strike((fault): fault is EventFault => 'event' in fault.at && fault.at.event === event)
  }

  #strike<F extends Fault>(concerns: (fault: Fault) => fault is F): F | undefined {
    let struck: F | undefined
    for (const armed of this.#armed) {
      const { fault } = armed
      if (!concerns(fault)) continue
      armed.seen++
      if (struck === undefined && (fault.at.nth === undefined || fault.at.nth === armed.seen)) struck = fault
    }
    return struck
  }

  #check(fault: Fault): void {
    const { nth = 1 } = fault.at
    if (!Number.isInteger(nth) || nth < 1) throw new InputError('ERR_FAULT', `nth is ${nth}, expected 1 or more`)
    if ('ms' in fault && !this.#hasClock) {
      throw new InputError('ERR_FAULT', `a fault that lasts ${fault.ms} ms needs a clock, and this VM has none`)
    }
  }
}
