import { Domain, type DomainOptions, type QgaExecutor } from '../../../src/index.ts'
import { CountingClock } from '../../support/counting-clock.ts'
import { Call, currentCall, type Bounds, type End, type Owner, type Sent, type Wish } from './call.ts'
import { Follower } from './follower.ts'
import type { Stage } from './stage.ts'

const DECODER = new TextDecoder('latin1')

/** Where a domain is, and who is concerned with its calls. */
export interface SeatOptions {
  readonly stage: Stage
  readonly everyCall: () => readonly Call[]
  readonly onEnd: (call: Call) => void
}

/** One domain under test: what it is connected to, what it sends and what it hears. */
export class Seat implements Owner {
  readonly name: string
  readonly stage: Stage
  readonly everyCall: () => readonly Call[]
  readonly calls: Call[] = []
  readonly resets: number[] = []
  readonly follower = new Follower()
  readonly sent: Sent[] = []
  /** The moment at which it asked for the latest reading that was answered, and the QEMU that answered. */
  read = { seq: 0, qemu: 1 }
  /** Its own time, and its timers. */
  readonly clock: CountingClock
  closedAtMs: number | undefined
  fault: string | undefined
  /** What waits for an answer of the monitor, by the message's id. */
  readonly #unanswered = new Map<unknown, (answer: 'return' | 'error') => void>()
  #domain: Domain | undefined
  readonly #onEnd: (call: Call) => void
  #calls = 0

  constructor(name: string, { stage, everyCall, onEnd }: SeatOptions) {
    this.name = name
    this.stage = stage
    this.clock = new CountingClock(stage.clock)
    this.everyCall = everyCall
    this.#onEnd = onEnd
  }

  get domain(): Domain {
    if (this.#domain === undefined) throw new Error(`${this.name} is not connected`)
    return this.#domain
  }

  /** Calls that have not ended. */
  get open(): readonly Call[] {
    return this.calls.filter(({ end }) => end === undefined)
  }

  async connect(options: DomainOptions): Promise<void> {
    this.#domain = await Domain.connect({
      ...options,
      name: this.name,
      clock: this.clock,
      trace: ({ direction, bytes }) => {
        const text = DECODER.decode(bytes)
        if (direction === 'in') this.#hear(text)
        else this.#send(text)
      },
    })
    this.follower.start(this.#domain, this.stage.clock)
  }

  /** An agent that several domains share, as this one uses it. */
  noting(agent: QgaExecutor): QgaExecutor {
    return {
      execute: (command, args, options) => {
        this.#note(command, args ?? {}, undefined)
        return agent.execute(command, args, options)
      },
    }
  }

  /** Begin a call, and watch what becomes of it. */
  begin(wish: Wish, bounds: Bounds, run: (call: Call) => PromiseLike<unknown>): Call {
    const call = new Call(this, `${this.name}${++this.#calls}`, wish, bounds)
    this.calls.push(call)
    const settle = (end: End): void => {
      this.stage.history.observe()
      if (call.end !== undefined) this.fault ??= `${call.name} settled twice`
      call.end = end
      this.#onEnd(call)
    }
    currentCall.run(call, () => {
      run(call).then(
        (value) => {
          settle({ state: 'done', value })
        },
        (error: unknown) => {
          settle({ state: 'failed', error })
        },
      )
    })
    return call
  }

  close(): void {
    this.closedAtMs ??= this.stage.clock.now()
    void this.domain.close()
  }

  #hear(text: string): void {
    this.stage.history.observe()
    for (const line of text.split('\n')) {
      if (line.includes('"event":"RESET"')) this.resets.push(this.stage.history.next())
      if (!line.startsWith('{') || !line.endsWith('}')) continue
      const message = JSON.parse(line) as { readonly id?: unknown; readonly return?: unknown }
      if (message.id === undefined) continue
      this.#unanswered.get(message.id)?.('return' in message ? 'return' : 'error')
      this.#unanswered.delete(message.id)
    }
  }

  #send(text: string): void {
    for (const line of text.split('\n')) {
      if (!line.startsWith('{')) continue
      const message = JSON.parse(line) as { execute: string; arguments?: Record<string, unknown>; id?: unknown }
      this.#note(message.execute, message.arguments ?? {}, message.id)
    }
  }

  #note(command: string, args: Readonly<Record<string, unknown>>, id: unknown): void {
    const { history } = this.stage
    history.observe()
    if (this.closedAtMs !== undefined) this.fault ??= `${command} was sent after close()`
    const call = currentCall.getStore()
    const sent = call?.note(command, args)
    const seq = history.next()
    this.#unanswered.set(id, (answer) => {
      if (command === 'query-cpus-fast' && answer === 'return') this.read = { seq, qemu: history.qemu }
      if (sent !== undefined) Object.assign(sent, { answer, answeredSeq: history.next() })
    })
    if (!/^device_|^guest-set/.test(command)) return
    if (sent === undefined || call?.owner !== this) this.fault ??= `${command} was sent by no call`
    else this.sent.push(sent)
  }
}
