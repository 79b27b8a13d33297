// A VM of libvirt's through virsh: executors for a Domain over `virsh qemu-monitor-command` and `virsh qemu-agent-command`.
// For reading. A change through it is not sent: libvirt keeps an account of the vCPUs, and `virsh setvcpu` is what keeps it right
// (docs/libvirt-and-proxmox.md). On QEMU 11.1 and later the same executor makes a monitor of one's own, which has events and starts no
// program for each command; changes behind libvirt's back are no better there, so doctor() warns of them.
import { execFile, type ExecFileException } from 'node:child_process'
import { CommandError, ConnectionError, Domain, ProtocolError, TimeoutError, type QmpExecutor } from 'qemu-vcpu'
import { openMonitor, type OpenMonitorOptions } from 'qemu-vcpu/qmp'

/** How to run virsh. */
export interface VirshOptions {
  /** The program and its first arguments, such as `['virsh', '-c', 'qemu+ssh://host1/system']`; `['virsh']` unless given. */
  readonly virsh?: readonly [program: string, ...args: string[]]
}

const READS_OF_QEMU = /^((x-)?query-|qom-(get|list|list-properties)$)/
const READS_OF_AGENT = /^guest-(info|ping|get-\w+|network-get-\w+|fsfreeze-status|file-(open|read|close))$/
/** What openMonitor() sends, and nothing of it touches a vCPU. */
const OF_A_MONITOR = /^(chardev-(add|remove)|object-(add|del))$/
const MOST_BYTES = 2 ** 26
/** Beyond what a slow host takes to start a program; the agent's answer takes as long as the guest does. */
const USUAL_MS = 30_000

/** Reads a VM's two sides, for as long as the domain is open. */
export function connectThroughVirsh(name: string, options: VirshOptions = {}): Promise<Domain> {
  return Domain.connect({
    qmp: throughVirsh('qemu-monitor-command', name, READS_OF_QEMU, options),
    qga: throughVirsh('qemu-agent-command', name, READS_OF_AGENT, options),
    name,
  })
}

/**
 * A monitor of one's own, made through libvirt's (QEMU 11.1 and later), and the agent through virsh. QEMU's user must be able to make a
 * socket in `directory`.
 */
export function connectOwnMonitor(
  name: string,
  monitor: OpenMonitorOptions = {},
  options: VirshOptions = {},
): Promise<Domain> {
  const libvirts = throughVirsh(
    'qemu-monitor-command',
    name,
    new RegExp(`${READS_OF_QEMU.source}|${OF_A_MONITOR.source}`),
    options,
  )
  return Domain.connect({
    qmp: () => openMonitor(libvirts, monitor),
    qga: throughVirsh('qemu-agent-command', name, READS_OF_AGENT, options),
    name,
  })
}

/** @param allowed - the commands that are passed */
export function throughVirsh(
  verb: 'qemu-monitor-command' | 'qemu-agent-command',
  name: string,
  allowed: RegExp,
  { virsh: [program, ...args] = ['virsh'] }: VirshOptions = {},
): QmpExecutor {
  return {
    execute: async (command, commandArguments, { signal, timeoutMs = USUAL_MS } = {}) => {
      if (!allowed.test(command)) {
        throw new CommandError(command, 'GenericError', 'not passed to libvirt: change vCPUs with virsh setvcpu')
      }
      const request = JSON.stringify({ execute: command, arguments: commandArguments })
      return resultOf(command, await run(program, [...args, verb, name, request], command, timeoutMs, signal))
    },
  }
}

/** Run virsh, and resolve with what it prints. What ends it is an error that says whether the command may have been carried out. */
function run(
  program: string,
  args: readonly string[],
  command: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<string> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const child = execFile(program, args, { maxBuffer: MOST_BYTES, timeout: timeoutMs }, (error, stdout, stderr) => {
      signal?.removeEventListener('abort', end)
      if (signal?.aborted === true) reject(signal.reason as Error)
      else if (error === null) resolve(stdout)
      else reject(failureOf(error, stderr.trim(), command, timeoutMs))
    })
    const end = (): void => {
      child.kill()
    }
    signal?.addEventListener('abort', end)
  })
}

/** Every one but the first may have come after QEMU had the command. */
function failureOf(error: ExecFileException, said: string, command: string, timeoutMs: number): Error {
  const cause = { cause: error }
  if (error.code === 'ENOENT') {
    return new ConnectionError('ERR_CONNECT', `${command}: no virsh to run`, { outcome: 'not-sent', ...cause })
  }
  if (error.killed === true) {
    return new TimeoutError(`${command}: virsh took more than ${timeoutMs} ms`, { outcome: 'unknown', ...cause })
  }
  const why = said === '' ? error.message : said
  return new ConnectionError('ERR_CONNECTION_LOST', `${command}: virsh: ${why}`, { outcome: 'unknown', ...cause })
}

/** libvirt prints the reply as it came, with an id of its own; an error of QEMU's too. */
function resultOf(command: string, answer: string): unknown {
  const reply = parse(answer)
  if (reply !== undefined && 'return' in reply) return reply['return']
  const error = reply?.['error']
  if (typeof error === 'object' && error !== null && 'class' in error && 'desc' in error) {
    throw new CommandError(command, String(error.class), String(error.desc))
  }
  throw new ProtocolError(`${command}: virsh printed something else than a reply`, { outcome: 'unknown' })
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    // resultOf() says so.
    return undefined
  }
}
