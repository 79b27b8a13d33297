import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Control, ControlEvent } from './control.ts'
import { KitError } from './kit-error.ts'
import { launch, socketDirectory, type Exit, type Launched, type MachineOptions } from './launch.ts'
import type { Output } from './output.ts'
import { kill, release, type Ward } from './reaper.ts'
import { defer, within } from './wait.ts'

const defaultConsoleTimeoutMs = 60_000

/** Which part of the console, and for how long. */
export interface ConsoleOptions {
  readonly timeoutMs?: number
  readonly from?: number
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
  readonly #control: Control
  readonly #output: Output
  readonly #ward: Ward

  /** @internal Use {@link startMachine}. */
  constructor(launched: Launched) {
    const { ward, argv, qemuVersion, exited, control, output } = launched
    this.pid = ward.pid
    this.argv = argv
    this.qemuVersion = qemuVersion
    this.qmpPath = join(ward.directory, 'qmp.sock')
    this.controlPath = join(ward.directory, 'control.sock')
    this.exited = exited
    this.#control = control
    this.#output = output
    this.#ward = ward
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
   * Resolves when the console has `text`, which it may have already.
   *
   * @param options.from leave out what the console had up to this length; default 0
   * @throws KitError when it has not in time (default one minute) or QEMU ends.
   */
  async consoleShows(text: string | RegExp, options: ConsoleOptions = {}): Promise<void> {
    const { timeoutMs = defaultConsoleTimeoutMs, from = 0 } = options
    const shown = defer<undefined>()
    const look = () => {
      const console = this.#output.console.slice(from)
      if (typeof text === 'string' ? console.includes(text) : text.test(console)) shown.resolve(undefined)
    }
    const unwatch = this.#output.watch(look)
    look()
    try {
      await within(
        Promise.race([shown.promise, this.untilExit()]),
        timeoutMs,
        `the console did not show ${String(text)}`,
      )
    } finally {
      unwatch()
    }
  }

  /**
   * Asks QEMU over the kit's own monitor, which no client under test shares.
   *
   * @throws KitError when QEMU refuses, ends, or is silent for a minute.
   */
  query(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#control.query(command, args)
  }

  /** Calls `listener` for each of QEMU's events, as the kit's own monitor has them; returns how to end that. */
  subscribe(listener: (event: ControlEvent) => void): () => void {
    return this.#control.subscribe(listener)
  }

  /** Calls `look` whenever the console has grown; returns how to end that. */
  protected watchConsole(look: () => void): () => void {
    return this.#output.watch(look)
  }

  /** Rejects when QEMU ends. */
  protected async untilExit(): Promise<never> {
    const { code, signal } = await this.exited
    throw new KitError(`QEMU ended (exit status ${String(code)}, signal ${String(signal)})`)
  }

  /** Kills QEMU, waits for its end and removes its sockets. Idempotent. */
  async stop(): Promise<void> {
    kill(this.#ward)
    await this.exited
    await rm(this.#ward.directory, { recursive: true, force: true })
    release(this.#ward)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** An error that has argv, stderr and the last lines of the console beside `message` and `cause`. */
  explain(message: string, cause?: unknown): KitError {
    return this.#output.explain(message, this.argv, cause)
  }
}

/**
 * Starts a QEMU with no guest in it, for questions about its machine alone; that takes a tenth of a second. Resolves when
 * it answers on its monitors.
 *
 * @throws KitError when QEMU ends or is silent; the message has its argv, its stderr and the end of the console.
 */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  return new Machine(await launch(await socketDirectory(), options, []))
}
