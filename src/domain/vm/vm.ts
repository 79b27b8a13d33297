import { InputError } from '../../errors/input-error.ts'
import type { QgaExecutor } from '../../qga/executor.ts'
import { TurnQueue } from '../../wire/turn-queue.ts'
import type { VmDriver } from './driver.ts'

/** What all parts of a domain share: the driver of QEMU's side, and the guest's agent. */
export class Vm {
  readonly driver: VmDriver
  readonly agent: QgaExecutor | undefined
  /** Sending to the agent takes a turn of its own: a mute guest must never hold up the monitor. */
  readonly guestTurns: TurnQueue

  constructor(driver: VmDriver, agent: QgaExecutor | undefined) {
    this.driver = driver
    this.agent = agent
    this.guestTurns = new TurnQueue('the change in the guest before it', driver.clock)
  }

  /** @throws {@link InputError} `ERR_NO_AGENT` where none was given */
  requireAgent(): QgaExecutor {
    this.driver.throwIfClosed()
    if (this.agent !== undefined) return this.agent
    throw new InputError('ERR_NO_AGENT', 'this needs the guest agent: connect with its socket as `qga`')
  }
}
