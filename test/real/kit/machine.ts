import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Control } from './control.ts'
import { guestFacts, type QemuTarget } from './architectures.ts'
import { KitError } from './kit-error.ts'
import type { Qemu } from './qemu.ts'
import { forget, kill, remember } from './reaper.ts'
import { defer, within } from './wait.ts'

/** A machine to start. */
export interface MachineOptions {
  readonly qemu: Qemu
  /** QEMU's `-machine`; default: the usual one of the target. */
  readonly machine?: string | undefined
  /** QEMU's `-cpu`. */
  readonly cpu?: string | undefined
  /** QEMU's `-smp`, `2,maxcpus=8`. */
  readonly smp?: string | undefined
  readonly memoryMb?: number | undefined
  /** Default `$QEMU_VCPU_ACCEL`, else multi-threaded TCG. */
  readonly accel?: string | undefined
  readonly extraArgs?: readonly string[] | undefined
  /** Start with the vCPUs stopped (`-S`). */
  readonly paused?: boolean | undefined
  readonly startTimeoutMs?: number | undefined
}

/** How a QEMU ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const defaultMemoryMb = 256
const defaultStartTimeoutMs = 60_000
const shownConsoleLines = 40
/** `sun_path` holds 108 bytes, the terminating zero included. */
const maxSocketPathBytes = 107
const longestSocketName = 'control.sock'

const defaultMachines: Readonly<Record<QemuTarget, string>> = {
  x86_64: guestFacts.x86_64.machine,
  ppc64: guestFacts.ppc64le.machine,
  s390x: guestFacts.s390x.machine,
  aarch64: 'virt',
}

/** A running QEMU. Whoever started it stops it, with {@link Machine.stop} or `await using`. */
export class Machine {
  readonly pid: number
  readonly argv: readonly string[]
  readonly qemuVersion: string
  /** A monitor socket for the client under test; one client at a time. */
  readonly qmpPath: string
  /** A second one, for a test's own raw lines. */
  readonly controlPath: string
  /** Resolves when QEMU has ended and all that it wrote has been read. */
  readonly exited: Promise<Exit>
  /** @internal */
  protected readonly control: Control
  readonly #directory: string
  readonly #output: Output

  /** @internal Use {@link startMachine}. */
  constructor(launched: Launched) {
    this.pid = launched.pid
    this.argv = launched.argv
    this.qemuVersion = launched.qemuVersion
    this.qmpPath = join(launched.directory, 'qmp.sock')
    this.controlPath = join(launched.directory, longestSocketName)
    this.exited = launched.exited
    this.control = launched.control
    this.#directory = launched.directory
    this.#output = launched.output
  }

  /** What the machine has written to its serial console so far. */
  console(): string {
    return this.#output.console
  }

  /** What QEMU has written to stderr so far. */
  stderr(): string {
    return this.#output.stderr
  }

  /**
   * Asks QEMU over the kit's own monitor, which no client under test shares.
   *
   * @throws KitError when QEMU refuses or ends.
   */
  query(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.control.query(command, args)
  }

  /** Kills QEMU, waits for its end and removes its sockets. Idempotent. */
  async stop(): Promise<void> {
    kill(this.pid)
    await this.exited
    await rm(this.#directory, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** `error` with everything that a person needs to see why. */
  explain(message: string, cause?: unknown): KitError {
    return explain(message, this.argv, this.#output, cause)
  }
}

/**
 * Starts a QEMU with no guest in it, for questions about its machine alone; several of them take a second. Resolves when
 * it answers on its monitors.
 *
 * @throws KitError when QEMU ends or is silent; the message has its argv, its stderr and the end of the console.
 */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  return new Machine(await launch(await socketDirectory(), options, []))
}

/** @internal What {@link launch} hands over. */
export interface Launched {
  readonly pid: number
  readonly argv: readonly string[]
  readonly qemuVersion: string
  readonly directory: string
  readonly exited: Promise<Exit>
  readonly control: Control
  readonly output: Output
}

interface Output {
  console: string
  stderr: string
}

/**
 * A new directory for the sockets of one machine.
 *
 * @throws KitError when the temporary directory's own name leaves no room.
 * @internal
 */
export async function socketDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'vcpu-'))
  if (Buffer.byteLength(join(directory, longestSocketName)) > maxSocketPathBytes) {
    await rm(directory, { recursive: true })
    throw new KitError(`TMPDIR is too long a path for UNIX sockets: ${tmpdir()}`)
  }
  return directory
}

/** @internal Starts QEMU and waits until it answers. The directory is removed when that fails. */
export async function launch(
  directory: string,
  options: MachineOptions,
  guestArgs: readonly string[],
): Promise<Launched> {
  const { qemu } = options
  const control = await Control.listen(join(directory, 'kit.sock'))
  const argv = [qemu.command, ...qemu.prefixArgs, ...machineArgs(directory, options), ...guestArgs]
  const [command = '', ...args] = argv
  const child = spawn(command, args, { env: { ...process.env, ...qemu.env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = collect(child)
  const exited = watchExit(child, control)
  const { pid } = child
  try {
    if (pid === undefined) throw new KitError('QEMU could not be started')
    remember(pid, directory)
    // The answer comes from QEMU's main loop: by then the machine is complete and its sockets are there.
    await within(control.query('qmp_capabilities'), options.startTimeoutMs ?? defaultStartTimeoutMs, 'no answer')
    return { pid, argv, qemuVersion: qemu.version, directory, exited, control, output }
  } catch (error) {
    if (pid !== undefined) {
      kill(pid)
      await exited
    }
    await rm(directory, { recursive: true, force: true })
    throw explain('QEMU did not start', argv, output, error)
  }
}

function machineArgs(directory: string, options: MachineOptions): string[] {
  const { qemu, machine = defaultMachines[qemu.target], cpu, smp, memoryMb = defaultMemoryMb } = options
  const accel = options.accel ?? process.env['QEMU_VCPU_ACCEL'] ?? 'tcg,thread=multi'
  const socket = (id: string, role: string) => `socket,id=${id},path=${join(directory, `${id}.sock`)},${role}`
  return [
    ...['-machine', machine, '-accel', accel, '-m', String(memoryMb)],
    ...(cpu === undefined ? [] : ['-cpu', cpu]),
    ...(smp === undefined ? [] : ['-smp', smp]),
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-chardev', socket('qmp', 'server=on,wait=off'), '-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', socket('control', 'server=on,wait=off'), '-mon', 'chardev=control,mode=control'],
    ...['-chardev', socket('kit', 'server=off'), '-mon', 'chardev=kit,mode=control'],
    ...(options.paused === true ? ['-S'] : []),
    ...(options.extraArgs ?? []),
  ]
}

function collect(child: ChildProcess): Output {
  const output: Output = { console: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.console += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  return output
}

function watchExit(child: ChildProcess, control: Control): Promise<Exit> {
  const exited = defer<Exit>()
  child.once('error', (error) => {
    control.close(error)
    exited.resolve({ code: null, signal: null })
  })
  child.once('close', (code, signal) => {
    if (child.pid !== undefined) forget(child.pid)
    control.close(new KitError(`QEMU ended (exit status ${String(code)}, signal ${String(signal)})`))
    exited.resolve({ code, signal })
  })
  return exited.promise
}

function explain(message: string, argv: readonly string[], output: Output, cause: unknown): KitError {
  const why = cause instanceof Error ? `: ${cause.message}` : ''
  const lines = output.console.split('\n').slice(-shownConsoleLines).join('\n')
  return new KitError(
    `${message}${why}\n--- argv\n${argv.join(' ')}\n--- stderr\n${output.stderr}\n--- console\n${lines}`,
    { cause },
  )
}
