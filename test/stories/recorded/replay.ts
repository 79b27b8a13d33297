import type { Duplex } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import type { Peers } from '../../../scripts/record/recording.ts'
import { memoryPair } from '../../../src/wire/memory-duplex.ts'
import { LineSplitter } from '../../../src/wire/line-splitter.ts'
import { own, type WireMessage } from '../../../src/wire/message.ts'
import { testClock } from '../../support/passing-clock.ts'
import type { Recording } from './recordings.ts'
import { argumentsOf, exchangesOf, isSync, messagesOf, parseLine, type Exchange, type Message } from './script.ts'

/** Commands that change nothing: they may be asked again, and need not be asked as often as they were. */
const question = /^(?:query-|qom-get$|qom-list$|qmp_capabilities$|guest-(?:info|ping|get-|file-|sync))/
/** The ids that a Domain draws for a device; the device goes by the same id later on. */
const drawn = /^vcpu\d+-[0-9a-f]{8}$/

/**
 * One recorded connection as a peer. In each step of the session it answers as was recorded: what changes something must
 * come in the recorded order with the recorded arguments; a question must be one that was asked at that point, between
 * the same two changes, and when it comes more often than it did its last answer is repeated. Whatever else comes is the
 * failure of the replay, and the connection ends.
 *
 * Random ids are translated: those of the session for those of the recording.
 */
export class ReplayPeer {
  /** The end for the client under test. */
  readonly client: Duplex
  /** Why the replay failed; `undefined` while all is well. */
  failure: Error | undefined
  /** How often a question was asked that had been answered already. */
  repeats = 0
  readonly #label: string
  readonly #end: Duplex
  readonly #messages: readonly Message[]
  readonly #exchanges: readonly Exchange[]
  readonly #answered = new Set<Exchange>()
  readonly #sent = new Set<number>()
  readonly #drawn: (readonly [recorded: string, actual: string])[] = []
  #step = ''

  constructor(recording: Recording, label: string) {
    this.#label = `${recording.folder} ${label}`
    this.#messages = messagesOf(recording.pieces.get(label) ?? [])
    this.#exchanges = exchangesOf(this.#messages)
    const [client, end] = memoryPair()
    this.client = client
    this.#end = end
    const splitter = new LineSplitter(Infinity)
    end.on('data', (chunk: Uint8Array) => {
      splitter.push(chunk, (line) => {
        if (this.failure === undefined) this.#take(line)
      })
    })
    this.#sendUnasked(-1, this.#exchanges[0]?.askedAt ?? Infinity)
  }

  /** The session goes on to a step; what it has left out of the one before is left over. */
  step(name: string): void {
    this.#step = name
  }

  /** What was asked in the recording and not in the replay: `<step>: <command>`. */
  leftOver(): string[] {
    return this.#exchanges.flatMap((exchange) => (this.#answered.has(exchange) ? [] : [describe(exchange)]))
  }

  /** The same without the questions. */
  leftOverChanges(): string[] {
    return this.#exchanges.flatMap((exchange) =>
      this.#answered.has(exchange) || isQuestion(exchange) ? [] : [describe(exchange)],
    )
  }

  #take(line: Uint8Array): void {
    const text = this.#drawn.reduce(
      (words, [recorded, actual]) => words.replaceAll(actual, recorded),
      Buffer.from(line).toString('latin1'),
    )
    const { value, marked } = parseLine(Buffer.from(text, 'latin1'))
    const exchange = this.#find(String(own(value, 'execute')), argumentsOf(value))
    if (exchange === undefined && isMachineFact(value)) {
      const desc = 'the recording does not tell'
      this.#send(
        { step: this.#step, direction: 'in', marked: false, value: { error: { class: 'GenericError', desc } } },
        value,
      )
      return
    }
    if (exchange?.marked !== marked) {
      this.failure = new Error(`${this.#label}, step '${this.#step}': nobody had asked ${text}`)
      this.#end.destroy()
      return
    }
    if (this.#answered.has(exchange)) this.repeats++
    this.#answered.add(exchange)
    this.#translate(exchange.args['id'], argumentsOf(value)['id'])
    this.#sendUnasked(-1, exchange.answeredAt)
    this.#send(exchange.reply, value)
    const next = this.#exchanges.find(({ askedAt }) => askedAt > exchange.answeredAt)
    this.#sendUnasked(exchange.answeredAt, next?.askedAt ?? Infinity)
  }

  /** The exchange that a command is, at this point of the recording. */
  #find(command: string, args: WireMessage): Exchange | undefined {
    const inStep = this.#exchanges.filter(({ step }) => step === this.#step)
    const next = inStep.findIndex((exchange) => !isQuestion(exchange) && !this.#answered.has(exchange))
    const nextChange = inStep[next]
    if (nextChange?.command === command) return isSame(nextChange, command, args) ? nextChange : undefined
    const asked = inStep.slice(0, next === -1 ? undefined : next)
    const since = asked.slice(asked.findLastIndex((exchange) => !isQuestion(exchange)) + 1)
    const same = since.filter((exchange) => isSame(exchange, command, args))
    return same.find((exchange) => !this.#answered.has(exchange)) ?? same.at(-1)
  }

  #translate(recorded: unknown, actual: unknown): void {
    if (typeof recorded !== 'string' || typeof actual !== 'string' || recorded === actual) return
    this.#drawn.push([recorded, actual])
  }

  /** What comes without being asked, of the messages between two positions. */
  #sendUnasked(after: number, before: number): void {
    const replies = new Set(this.#exchanges.map(({ reply }) => reply))
    for (const [at, message] of this.#messages.entries()) {
      if (at <= after || at >= before || message.direction === 'out' || replies.has(message) || this.#sent.has(at))
        continue
      this.#sent.add(at)
      this.#send(message)
    }
  }

  #send({ value, marked }: Message, asked?: WireMessage): void {
    // A sync's answer returns the id that it was given; any other has that of its command, or none.
    const recorded = { ...value, id: undefined }
    const said =
      asked === undefined
        ? value
        : isSync(asked)
          ? { ...recorded, return: argumentsOf(asked)['id'] }
          : { ...recorded, id: own(asked, 'id') }
    const text = this.#drawn.reduce(
      (words, [recorded, actual]) => words.replaceAll(recorded, actual),
      JSON.stringify(said),
    )
    this.#end.write(Buffer.concat([Buffer.from(marked ? [0xff] : []), Buffer.from(`${text}\r\n`)]))
  }
}

/** What the machine is beside its slots: sessions were recorded before that was asked, and QEMU may not tell it either. */
function isMachineFact(asked: WireMessage): boolean {
  const command = own(asked, 'execute')
  return command === 'query-machines' || (command === 'qom-get' && argumentsOf(asked)['path'] === '/machine')
}

function isQuestion({ command }: Pick<Exchange, 'command'>): boolean {
  return question.test(command)
}

function isSame(exchange: Exchange, command: string, args: WireMessage): boolean {
  if (exchange.command !== command) return false
  const isDrawn = [args, exchange.args].every(
    ({ id }) => command === 'guest-sync-delimited' || (command === 'device_add' && drawn.test(String(id))),
  )
  return isDeepStrictEqual(isDrawn ? { ...args, id: 0 } : args, isDrawn ? { ...exchange.args, id: 0 } : exchange.args)
}

function describe({ step, command }: Exchange): string {
  return `${step}: ${command}`
}

/** What a replay of a session gave. */
export interface Replayed<T> {
  readonly seen: T
  /** One for each connection that was recorded, by label. */
  readonly peers: ReadonlyMap<string, ReplayPeer>
}

/**
 * Runs a session against a recording of it, in virtual time.
 *
 * @throws Error of the replay, when the session asked something that the recording does not have; else what it throws
 */
export async function replay<T>(recording: Recording, session: (peers: Peers) => Promise<T>): Promise<Replayed<T>> {
  const peers = new Map([...recording.pieces.keys()].map((label) => [label, new ReplayPeer(recording, label)]))
  const all = [...peers.values()]
  const unused = memoryPair()[0]
  const run = session({
    qmp: peers.get('qmp')?.client ?? unused,
    qga: peers.get('qga')?.client,
    clock: testClock(),
    step: (name) => {
      for (const peer of all) peer.step(name)
    },
    pause: () => Promise.resolve(),
  })
  const seen = await run.catch((error: unknown) => {
    throw all.find(({ failure }) => failure !== undefined)?.failure ?? error
  })
  return { seen, peers }
}
