import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guestFacts, type QemuTarget } from './architectures.ts'
import { Control } from './control.ts'
import type { Firmware } from './firmware.ts'
import { KitError } from './kit-error.ts'
import { Output } from './output.ts'
import type { Qemu } from './qemu.ts'
import { kill, watch, type Ward } from './reaper.ts'
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
  /** Default: 256, or what a guest of that architecture needs. */
  readonly memoryMb?: number | undefined
  /** QEMU's `-accel`; default `$QEMU_VCPU_ACCEL`, else multi-threaded TCG. */
  readonly accel?: string | undefined
  /** What runs before the guest; default: what QEMU brings, or what a guest of that architecture needs. */
  readonly firmware?: Firmware | undefined
  readonly extraArgs?: readonly string[] | undefined
  /** Start with the vCPUs stopped (`-S`). */
  readonly paused?: boolean | undefined
  /** How long QEMU has until it answers on its monitor; default one minute. */
  readonly startTimeoutMs?: number | undefined
}

/** How a QEMU ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** What {@link launch} hands over. */
export interface Launched {
  readonly ward: Ward
  readonly argv: readonly string[]
  readonly qemuVersion: string
  readonly exited: Promise<Exit>
  readonly control: Control
  readonly output: Output
}

const defaultMemoryMb = 256
const defaultStartTimeoutMs = 60_000
const defaultAccel = 'tcg,thread=multi'
/** `sun_path` holds 108 bytes, the terminating zero included. */
const maxSocketPathBytes = 107
const longestSocketName = 'control.sock'

const defaultMachines: Readonly<Record<QemuTarget, string>> = {
  x86_64: guestFacts.x86_64.machine,
  ppc64: guestFacts.ppc64le.machine,
  s390x: guestFacts.s390x.machine,
  aarch64: 'virt',
  loongarch64: guestFacts.loongarch64.machine,
}

/**
 * A new directory for the sockets of one machine.
 *
 * @throws KitError when the temporary directory's own name leaves no room.
 */
export async function socketDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'vcpu-'))
  if (Buffer.byteLength(join(directory, longestSocketName)) > maxSocketPathBytes) {
    await rm(directory, { recursive: true })
    throw new KitError(`TMPDIR is too long a path for UNIX sockets: ${tmpdir()}`)
  }
  return directory
}

/**
 * Starts QEMU and waits until it answers. When that fails the directory is removed.
 *
 * @throws KitError with QEMU's argv, its end and its stderr.
 */
export async function launch(
  directory: string,
  options: MachineOptions,
  guestArgs: readonly string[],
): Promise<Launched> {
  const { qemu } = options
  const control = await Control.listen(join(directory, 'kit.sock'))
  const args = [...qemu.prefixArgs, ...machineArgs(directory, options), ...guestArgs]
  const argv = [qemu.command, ...args]
  const child = spawn(qemu.command, args, { env: { ...process.env, ...qemu.env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = new Output(child)
  const ward = child.pid === undefined ? undefined : { pid: child.pid, directory, running: true }
  const exited = watchExit(child, ward, control)
  try {
    if (ward === undefined) throw new KitError(`${qemu.command} could not be started`)
    watch(ward)
    // The answer comes from QEMU's main loop: by then the machine is complete and QEMU listens on its own sockets.
    const ready = control.query('qmp_capabilities')
    await within(ready, options.startTimeoutMs ?? defaultStartTimeoutMs, 'it did not answer')
    return { ward, argv, qemuVersion: qemu.version, exited, control, output }
  } catch (error) {
    if (ward !== undefined) kill(ward)
    const { code, signal } = await exited
    await rm(directory, { recursive: true, force: true })
    throw output.explain(`QEMU did not start (exit status ${String(code)}, signal ${String(signal)})`, argv, error)
  }
}

function machineArgs(directory: string, options: MachineOptions): string[] {
  const { qemu, machine = defaultMachines[qemu.target], cpu, smp, memoryMb = defaultMemoryMb } = options
  const accel = options.accel ?? process.env['QEMU_VCPU_ACCEL'] ?? defaultAccel
  const monitor = (id: string, role: string) => [
    ...['-chardev', `socket,id=${id},path=${join(directory, `${id}.sock`)},${role}`],
    ...['-mon', `chardev=${id},mode=control`],
  ]
  return [
    ...['-machine', machine, '-accel', accel, '-m', String(memoryMb)],
    ...(cpu === undefined ? [] : ['-cpu', cpu]),
    ...(smp === undefined ? [] : ['-smp', smp]),
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...monitor('qmp', 'server=on,wait=off'),
    ...monitor('control', 'server=on,wait=off'),
    ...monitor('kit', 'server=off'),
    ...(options.paused === true ? ['-S'] : []),
    ...(options.firmware?.args ?? []),
    ...(options.extraArgs ?? []),
  ]
}

function watchExit(child: ChildProcess, ward: Ward | undefined, control: Control): Promise<Exit> {
  const exited = defer<Exit>()
  child.once('error', (error) => {
    control.close(error)
    exited.resolve({ code: null, signal: null })
  })
  child.once('exit', () => {
    if (ward !== undefined) ward.running = false
  })
  // Only now has all that it wrote been read.
  child.once('close', (code, signal) => {
    control.close(new KitError(`QEMU ended (exit status ${String(code)}, signal ${String(signal)})`))
    exited.resolve({ code, signal })
  })
  return exited.promise
}
