import { printable, quote, type SocketAddress } from '../../index.ts'
import { SimulatedVm, type SocketListener } from '../../testing/index.ts'
import { usageError } from '../errors.ts'
import { jsonLine } from '../render/safe-text.ts'
import { findMachine, type SimMachine } from '../sim/machine.ts'
import { parseSmp, type Smp } from '../sim/smp.ts'
import type { Answer, LoneCode, Surroundings, Target } from '../verb.ts'

const DEFAULT_SMP = '2,maxcpus=8'

/** Check what the verb was given, and say what it does then. */
export const prepareAlone: LoneCode['prepareAlone'] = ({ operands, options }, target) => {
  const [extra] = operands
  if (extra !== undefined) throw usageError(`sim: ${quote(extra)} is one operand too many`, 'sim')
  const places = placesOf(target)
  const machine = findMachine(textOf(options.get('machine')) ?? 'q35')
  const smp = parseSmp(textOf(options.get('smp')) ?? DEFAULT_SMP, machine)
  return (surroundings) => serve(machine, smp, places, surroundings)
}

function textOf(value: string | true | undefined): string | undefined {
  return value === true ? undefined : value
}

/** Where the VM is to listen. */
interface Places {
  readonly qmp: SocketAddress
  readonly qga: SocketAddress | undefined
}

function placesOf({ qmp, qga, timeoutMs }: Target): Places {
  if (timeoutMs !== undefined) throw usageError('sim does not take --timeout: it serves until it is interrupted', 'sim')
  if (typeof qmp === 'string' || (typeof qmp === 'object' && 'port' in qmp)) return { qmp, qga }
  throw usageError('sim does not take --via: --qmp says where it listens', 'sim')
}

async function serve(machine: SimMachine, smp: Smp, { qmp, qga }: Places, surroundings: Surroundings): Promise<Answer> {
  const { kind, pc } = machine
  const vm = new SimulatedVm({
    machine: { kind, ...(pc === undefined ? {} : { pc }), ...smp },
    ...(qga === undefined ? { agent: false } : {}),
  })
  const listeners: SocketListener[] = []
  try {
    const monitor = await vm.qemu.listen(qmp)
    listeners.push(monitor)
    const channel = qga === undefined ? undefined : await vm.agent?.listen(qga)
    if (channel !== undefined) listeners.push(channel)
    announce(machine, smp, listeners, surroundings)
    await interruptedOr(monitor.closed, surroundings.io.signal)
  } finally {
    vm.kill()
    await Promise.all(listeners.map((listener) => listener.drop()))
  }
  return { json: undefined, text: () => '' }
}

function announce(
  { name }: SimMachine,
  { bootVcpus, maxcpus }: Smp,
  listeners: readonly SocketListener[],
  { wantsJson, io }: Surroundings,
): void {
  const [qmp = '', qga = null] = listeners.map(({ address }) => textOfAddress(address))
  const agent = qga === null ? '' : `, agent at ${printable(qga)}`
  const line = wantsJson
    ? jsonLine({ machine: name, vcpus: bootVcpus, maxcpus, qmp, qga })
    : `simulated ${name} with ${bootVcpus} of ${maxcpus} vCPUs: QMP at ${printable(qmp)}${agent}`
  io.stdout(`${line}\n`)
}

function textOfAddress(address: SocketAddress): string {
  if (typeof address === 'string') return address
  const { host, port } = address
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Resolves when the command is interrupted, or when QEMU has ended. */
async function interruptedOr(ended: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  let onAbort: (() => void) | undefined
  const interrupted = new Promise<void>((resolve) => {
    onAbort = resolve
    signal.addEventListener('abort', onAbort)
  })
  await Promise.race([ended, interrupted])
  if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
}
