import { onTestFinished } from 'vitest'
import type { CliIo, TerminalHold } from '../../../src/cli/io.ts'
import { runCli } from '../../../src/cli/main.ts'
import { plain } from '../../../src/cli/render/style.ts'
import { watch } from '../../../src/cli/watch/watch.ts'
import { Domain, type Clock, type DomainOptions } from '../../../src/index.ts'
import { SimulatedAgent, SimulatedQemu } from '../../../src/testing/index.ts'
import { inMemory } from '../../support/addresses-in-memory.ts'
import { testClock, until } from '../../support/passing-clock.ts'
import { terminalPicture, type TerminalPicture } from './terminal-picture.ts'

/** A process in which it is always noon, and the second between two looks is over when the test says so. */
export class Stage {
  readonly interruption = new AbortController()
  readonly clock: Clock = {
    now: () => testClock().now(),
    after: (_, task) => {
      this.#timers.add(task)
      return { cancel: () => this.#timers.delete(task), unref: () => undefined }
    },
  }
  readonly io: CliIo
  printed = ''
  told = ''
  readonly #timers = new Set<() => void>()

  constructor(io: Partial<CliIo> = {}) {
    this.io = {
      stdout: (text) => {
        this.printed += text
      },
      stderr: (text) => {
        this.told += text
      },
      env: {},
      isTerminal: false,
      columns: undefined,
      signal: this.interruption.signal,
      clock: this.clock,
      timeOfDay: () => new Date(2026, 0, 1, 12),
      ...io,
    }
  }

  /** The command; its domain is in the test's own time. */
  run(argv: readonly string[]): Promise<number> {
    const { connect } = inMemory(argv)
    Object.defineProperty(this.io, 'connect', {
      value: (options: DomainOptions) => connect({ ...options, clock: testClock() }),
    })
    return runCli(argv, this.io)
  }

  /** Resolves when a look is over and the second to the next has begun. */
  async waits(): Promise<void> {
    await until(() => this.#timers.size === 1)
  }

  /** A second is over, once somebody waits for it. */
  async second(): Promise<void> {
    await this.waits()
    for (const task of [...this.#timers]) {
      this.#timers.delete(task)
      task()
    }
  }

  async shows(text: string): Promise<void> {
    await until(() => this.printed.includes(text))
  }
}

/** A VM that is watched through the very domain that the test changes it with. */
export async function watched(
  stage: Stage,
  wantsJson = false,
): Promise<{ qemu: SimulatedQemu; domain: Domain; over: Promise<void> }> {
  const clock = testClock()
  const qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8 }, { clock })
  const agent = new SimulatedAgent(qemu.guest)
  const domain = await Domain.connect({ qmp: qemu.connect(), qga: agent.connect(), clock })
  onTestFinished(async () => {
    stage.interruption.abort()
    await domain.close()
    await qemu[Symbol.asyncDispose]()
    await agent[Symbol.asyncDispose]()
  })
  const options = (): object => ({})
  const over = watch({
    domain,
    call: options,
    each: options,
    hasAgent: true,
    wantsJson,
    io: stage.io,
    paint: plain,
    columns: stage.io.columns,
    connect: () => Promise.reject(new Error('not shared')),
    onChanging: () => undefined,
  })
  return { qemu, domain, over }
}

/** A {@link Stage} with a person at its terminal: it has a size, and keys. */
export class Seat extends Stage {
  columns: number
  rows: number
  readonly #hold: { current: TerminalHold | undefined }
  #since = 0

  constructor(columns = 80, rows = 24, io: Partial<CliIo> = {}) {
    const hold: { current: TerminalHold | undefined } = { current: undefined }
    const size = { columns, rows }
    super({
      isTerminal: true,
      ...io,
      holdTerminal: (given) => {
        hold.current = given
        return {
          isHeld: () => true,
          release: () => {
            hold.current = undefined
          },
        }
      },
    })
    Object.defineProperties(this.io, {
      columns: { get: () => this.columns },
      rows: { get: () => this.rows },
    })
    this.columns = size.columns
    this.rows = size.rows
    this.#hold = hold
  }

  /** Is the terminal taken, so that keys are read? */
  get isHeld(): boolean {
    return this.#hold.current !== undefined
  }

  /** What the terminal shows. */
  get screen(): TerminalPicture {
    return terminalPicture(this.printed.slice(this.#since), this.columns, this.rows)
  }

  /** All that it shows, in one text. */
  get text(): string {
    return this.screen.lines.join('\n')
  }

  /** Keys, as one input. */
  press(input: string): void {
    this.#hold.current?.onInput(input)
  }

  resize(columns: number, rows: number): void {
    this.columns = columns
    this.rows = rows
    this.#since = this.printed.length
    this.#hold.current?.onResize()
  }

  async sees(text: string | RegExp): Promise<void> {
    await until(() => (typeof text === 'string' ? this.text.includes(text) : text.test(this.text)))
  }
}
