import { InputError } from '../../errors/input-error.ts'
import type { Link } from '../../wire/endpoint.ts'
import type { QmpExecutor } from '../../qmp/executor.ts'

/** Stands for the monitor of a VM that is only reached through its guest agent: every command is refused, unsent. */
export const noMonitor: Link<QmpExecutor> = {
  executor: { execute: () => Promise.reject(monitorMissing()) },
  open: () => Promise.resolve(),
  close: () => Promise.resolve(),
}

/** @throws {@link InputError} `ERR_NO_MONITOR` where the VM was connected without its monitor */
export function requireMonitor(monitor: Link<QmpExecutor>): void {
  if (monitor === noMonitor) throw monitorMissing()
}

function monitorMissing(): InputError {
  return new InputError('ERR_NO_MONITOR', "this needs QEMU's monitor: connect with its socket as `qmp`")
}
