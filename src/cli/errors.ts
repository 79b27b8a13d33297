import { InputError, VcpuError, type Outcome, type ScaleRun } from '../index.ts'

/** The command line is not one that the command knows; `verb` is where its help is. Nothing was sent. */
export function usageError(message: string, verb?: string): InputError {
  const help = verb === undefined ? 'qemu-vcpu --help' : `qemu-vcpu ${verb} --help`
  return new InputError('ERR_USAGE', `${message}; see '${help}'`)
}

/** What was asked for takes QEMU's monitor, and none was given. Nothing was sent. */
export function monitorMissing(verb: string): InputError {
  return usageError(`${verb} needs --qmp PATH|HOST:PORT (or QEMU_VCPU_QMP), where QEMU's monitor listens`, verb)
}

/** What was asked for takes the guest agent, and none was given. Nothing was sent. */
export function agentMissing(what: string): InputError {
  return new InputError(
    'ERR_NO_AGENT',
    `${what} needs the guest agent: give its channel with --qga PATH|HOST:PORT (or QEMU_VCPU_QGA)`,
  )
}

/** The command was interrupted; `outcome` says how far a change had come. */
export class InterruptedError extends VcpuError {
  override readonly name = 'InterruptedError'

  /** What had been changed by then, and what may still be, where several changes were to be made. */
  readonly run: Pick<ScaleRun, 'changed' | 'inDoubt'> | undefined

  constructor(outcome?: Outcome, run?: Pick<ScaleRun, 'changed' | 'inDoubt'>) {
    super('ERR_ABORTED', `interrupted${run === undefined ? '' : sofar(run)}`, { outcome })
    this.run = run
  }
}

function sofar({ changed, inDoubt }: Pick<ScaleRun, 'changed' | 'inDoubt'>): string {
  const doubt = inDoubt.size === 0 ? '' : `; in doubt: ${String(inDoubt)}`
  return `; changed: ${changed.size === 0 ? 'none' : String(changed)}${doubt}`
}
