import { InputError, VcpuError, type CpuMap, type Outcome } from '../index.ts'

/** The command line is not one that the command knows; `verb` is where its help is. Nothing was sent. */
export function usageError(message: string, verb?: string): InputError {
  const help = verb === undefined ? 'qemu-vcpu --help' : `qemu-vcpu ${verb} --help`
  return new InputError('ERR_USAGE', `${message}; see '${help}'`)
}

/** What was asked for takes the guest agent, and none was given. Nothing was sent. */
export function agentMissing(what: string): InputError {
  return new InputError('ERR_NO_AGENT', `${what} needs the guest agent: give its channel with --qga PATH|HOST:PORT`)
}

/**
 * The command was interrupted. One of the package's own errors and not an `AbortError`, so that the layers below can say
 * in its `outcome` how far the change had come.
 */
export class InterruptedError extends VcpuError {
  override readonly name = 'InterruptedError'

  /** What had been changed by then, where several changes were to be made. */
  readonly changed: CpuMap | undefined

  constructor(changed?: CpuMap, outcome?: Outcome) {
    const sofar = changed === undefined ? '' : `; changed: ${changed.size === 0 ? 'none' : String(changed)}`
    super('ERR_ABORTED', `interrupted${sofar}`, { outcome })
    this.changed = changed
  }
}
