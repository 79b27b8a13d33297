import type { WireTrace } from '../../../src/index.ts'
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../../../src/testing/index.ts'
import { CountingClock } from '../../support/counting-clock.ts'
import { own } from '../../../src/wire/message.ts'
import { currentCall, type Call, type Owner, type Sent } from '../../stories/domain-over-simulated-vm/call.ts'
import { faultOfExchange } from '../invariants/exchange.ts'
import { Lines, readLine } from '../peer/message.ts'
import type { Arena } from './arena.ts'
import { Exchange, type ExchangeOptions } from './exchange.ts'

/** Who hears of the lines that the code that runs now sends. */
const lineListener = new AsyncLocalStorage<(line: Buffer, number: number) => void>()

/** Who makes exchanges on one VM: notes all that is sent, and holds what came of it against what is so. */
export class Actor implements Owner {
  readonly name = 'A'
  readonly stage: Arena
  readonly resets: number[] = []
  readonly sent: Sent[] = []
  readonly exchanges: Exchange[] = []
  /** Everything that was wrong. */
  readonly faults: string[] = []
  /** Called with each changing command that is sent by no call, which is a fault unless given. */
  onUncalled: ((command: string, args: Readonly<Record<string, unknown>>) => void) | undefined
  /** Called with each exchange as it settles. */
  onEnd: (exchange: Exchange) => void = () => undefined
  closedAtMs: number | undefined
  /** Lines that the subject has sent. */
  lines = 0
  /** The subject's time, and its timers. */
  readonly clock: CountingClock
  readonly #lines = { qmp: new Lines(), qga: new Lines() }

  constructor(stage: Arena, clock: Clock = stage.clock) {
    this.stage = stage
    this.clock = new CountingClock(clock)
    stage.history.watchers.add(() => {
      for (const exchange of this.open) exchange.see()
    })
  }

  /** Those that have not ended. */
  get open(): readonly Exchange[] {
    return this.exchanges.filter(({ end }) => end === undefined)
  }

  readonly everyCall = (): readonly Call[] => this.exchanges.flatMap(({ call }) => call ?? [])

  /** Sees the traffic of the subject. */
  readonly trace: WireTrace = ({ label, direction, bytes }) => {
    this.stage.history.observe()
    if (direction === 'in' || (label !== 'qmp' && label !== 'qga')) return
    if (this.closedAtMs !== undefined)
      this.#fault(`${JSON.stringify(Buffer.from(bytes).toString())} was sent after close()`)
    for (const line of this.#lines[label].push(bytes)) {
      this.lines++
      this.#note(line)
    }
  }

  /** Sees the traffic of a client that stands alone: each line goes to whom {@link noting} says. */
  readonly rawTrace: WireTrace = ({ direction, bytes }) => {
    if (direction === 'in') return
    if (this.closedAtMs !== undefined) this.#fault(`${bytes.length} bytes were sent after close()`)
    for (const line of new Lines().push(bytes)) {
      this.lines++
      lineListener.getStore()?.(line, this.lines)
    }
  }

  /** Run `task`; each line that it sends is handed to `onLine`, with its number on the connection. */
  noting<T>(onLine: (line: Buffer, number: number) => void, task: () => T): T {
    return lineListener.run(onLine, task)
  }

  /** Begin an exchange. */
  begin(
    options: ExchangeOptions,
    run: (signal: AbortSignal, call: Call | undefined) => PromiseLike<unknown>,
  ): Exchange {
    const exchange: Exchange = new Exchange(this, options, run, (ended) => {
      const fault = faultOfExchange(ended, this.stage.faults.hasLied)
      if (fault !== undefined) this.#fault(`${ended.name}: ${fault}`)
      this.onEnd(ended)
    })
    this.exchanges.push(exchange)
    return exchange
  }

  #fault(what: string): void {
    this.faults.push(`${what} (at ${this.stage.clock.now()} ms)`)
  }

  #note(line: Buffer): void {
    const message = readLine(line)
    if (message === undefined) return
    const command = own(message, 'execute')
    if (typeof command !== 'string') return
    const args = (own(message, 'arguments') ?? {}) as Readonly<Record<string, unknown>>
    const call = currentCall.getStore()
    const sent = call?.note(command, args)
    this.stage.history.next()
    if (!/^device_|^guest-set-vcpus/.test(command)) return
    if (call === undefined && this.onUncalled !== undefined) {
      this.onUncalled(command, args)
      return
    }
    if (sent === undefined || call?.owner !== this) this.#fault(`${command} was sent by no call`)
    else {
      this.sent.push(sent)
      if (call.end !== undefined) this.#fault(`${call.name}: ${command} was sent after the call had ended`)
    }
  }
}
