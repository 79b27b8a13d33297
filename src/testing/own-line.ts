import type { Duplex } from 'node:stream'
import { CommandError, ConnectionError } from '../errors/peer-errors.ts'
import { LineChannel } from '../wire/line-channel.ts'
import { isObject, own, parseMessage, type WireMessage } from '../wire/message.ts'

/** What an {@link OwnLine} is made over, and what it tells. */
export interface OwnLineOptions {
  readonly label: 'qmp' | 'qga'
  /** The next id that no other client has used: an agent's channel may hold replies of others. */
  readonly nextId: () => string
  readonly onEvent: (message: WireMessage) => void
  readonly onClose: () => void
}

interface Waiting {
  readonly command: string
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** The plainest client there is, over one connection: for a daemon's executor, which is not this package's. */
export class OwnLine {
  readonly #options: OwnLineOptions
  readonly #channel: LineChannel
  readonly #waiting = new Map<unknown, Waiting>()

  constructor(duplex: Duplex, options: OwnLineOptions) {
    this.#options = options
    this.#channel = new LineChannel(duplex, {
      label: options.label,
      maxMessageBytes: 32 * 1024 * 1024,
      onLine: (line) => {
        this.#onLine(line)
      },
      onClose: () => {
        for (const { command, reject } of this.#waiting.values()) {
          const lost = `${command}: the peer closed the connection`
          reject(new ConnectionError('ERR_CONNECTION_LOST', lost, { outcome: 'unknown' }))
        }
        this.#waiting.clear()
        options.onClose()
      },
    })
    if (options.label === 'qmp') this.request('qmp_capabilities', undefined).catch(() => undefined)
  }

  request(command: string, args: object | undefined): Promise<unknown> {
    const id = this.#options.nextId()
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { command, resolve, reject })
    })
    this.#channel.send(
      `${JSON.stringify({ execute: command, ...(args === undefined ? {} : { arguments: args }), id })}\n`,
    )
    return answer
  }

  close(): void {
    this.#channel.close(new ConnectionError('ERR_CLOSED', 'closed by this side'))
  }

  #onLine(line: Uint8Array): void {
    let message: WireMessage
    try {
      message = parseMessage(line)
    } catch {
      // Of nonsense this client makes nothing: its command is never answered.
      return
    }
    if (own(message, 'event') !== undefined) {
      this.#options.onEvent(message)
      return
    }
    const waiting = this.#waiting.get(own(message, 'id'))
    if (waiting === undefined) return
    this.#waiting.delete(own(message, 'id'))
    const error = own(message, 'error')
    if (error === undefined) waiting.resolve(own(message, 'return'))
    else waiting.reject(commandError(waiting.command, error))
  }
}

function commandError(command: string, error: unknown): CommandError {
  const { class: errorClass, desc } = isObject(error) ? error : {}
  return new CommandError(command, String(errorClass), String(desc))
}
