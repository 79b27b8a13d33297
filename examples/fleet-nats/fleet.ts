// A client of all hosts: it finds them, asks them, and notices when one of them is no longer there. It schedules nothing, and it
// sends nothing twice: what was lost with a host is reported with the outcome `unknown`.
import { errors, type NatsConnection } from '@nats-io/nats-core'
import { ServiceError, Svcm, type ServiceIdentity } from '@nats-io/services'
import {
  HostError,
  SERVICE,
  subjectOf,
  TransportError,
  type Endpoint,
  type ErrorDocument,
  type Replies,
  type ScaleReply,
  type TransportCode,
} from './wire.ts'

/** How long after a look at the hosts that owe an answer the next one is, and how long each may take to answer it. */
const LOOK_MS = 500
const PING_MS = 2_000
/**
 * A host that did not answer so many looks in a row is taken for lost: its machine, or the network to it. So a host whose process has
 * ended is named within two looks, and one that is silent within four.
 */
const MOST_SILENCE = 3
const DISCOVERY_MS = 5_000

/** A host that was found dead, and how that was seen. */
export interface DeadHost {
  readonly host: string
  /** NATS has no subscriber for it any more, or it did not answer. */
  readonly code: TransportCode & ('ERR_HOST_GONE' | 'ERR_HOST_SILENT')
}

interface Seen {
  readonly identity: ServiceIdentity
  silence: number
  /** Ends the wait of each request that it owes an answer. */
  readonly waiting: Set<(death: DeadHost) => void>
}

export class Fleet implements AsyncDisposable {
  readonly #nats: NatsConnection
  readonly #hosts = new Map<string, Seen>()
  readonly #dead = new Map<string, DeadHost>()
  #looking: NodeJS.Timeout | undefined

  /** @param nats - closed by its owner */
  constructor(nats: NatsConnection) {
    this.#nats = nats
  }

  /** Find the hosts that are there, by the discovery of micro services. */
  async discover(): Promise<readonly string[]> {
    const client = new Svcm(this.#nats).client({ strategy: 'stall', maxWait: DISCOVERY_MS })
    try {
      for await (const identity of await client.ping(SERVICE)) {
        const host = identity.metadata?.['host']
        if (host !== undefined) this.#hosts.set(host, { identity, silence: 0, waiting: new Set() })
      }
    } catch (error) {
      if (!isNoResponders(error)) throw error
    }
    return [...this.#hosts.keys()].sort()
  }

  /** The hosts that were found dead since they were found. */
  get dead(): readonly DeadHost[] {
    return [...this.#dead.values()]
  }

  /**
   * Ask a host about a VM.
   *
   * @throws HostError where the host answers with an error
   * @throws TransportError where there is no answer, or no host
   */
  ask<E extends Exclude<Endpoint, 'scale'>>(
    host: string,
    endpoint: E,
    vm: string,
    timeoutMs: number,
  ): Promise<Replies[E]> {
    return this.#request(host, endpoint, { vm }, timeoutMs)
  }

  /**
   * Have a host scale a VM. It is sent once. A caller that wants to know what became of an `unknown` reads the map; to ask again
   * with the same `id` is safe only as long as the same process of the host's runs, which remembers it.
   *
   * @throws as {@link Fleet.ask}
   */
  scale(host: string, vm: string, count: number, id: string, timeoutMs: number): Promise<ScaleReply> {
    return this.#request(host, 'scale', { vm, count, id }, timeoutMs)
  }

  async #request<E extends Endpoint>(host: string, endpoint: E, body: object, timeoutMs: number): Promise<Replies[E]> {
    const seen = this.#hosts.get(host)
    const known = this.#dead.get(host)
    if (seen === undefined || known !== undefined) {
      throw new TransportError('ERR_NO_HOST', host, 'not-sent', known === undefined ? 'not a host' : 'the host is dead')
    }
    let end: (death: DeadHost) => void = () => undefined
    const death = new Promise<never>((_, reject) => {
      end = ({ code }) => {
        reject(new TransportError(code, host, 'unknown', `${wordsOf(code)} while it owed an answer to ${endpoint}`))
      }
    })
    seen.waiting.add(end)
    this.#look()
    try {
      const request = this.#nats.request(subjectOf(host, endpoint), JSON.stringify(body), { timeout: timeoutMs })
      const message = await Promise.race([request, death])
      if (ServiceError.isServiceError(message)) throw new HostError(host, message.json<ErrorDocument>())
      return message.json<Replies[E]>()
    } catch (error) {
      throw error instanceof HostError || error instanceof TransportError ? error : lost(host, endpoint, error)
    } finally {
      seen.waiting.delete(end)
    }
  }

  /** Look at the hosts that owe answers, until all have answered. */
  #look(): void {
    if (this.#looking !== undefined) return
    const again = (): void => {
      this.#looking = undefined
      const owing = [...this.#hosts].filter(([host, { waiting }]) => waiting.size > 0 && !this.#dead.has(host))
      if (owing.length === 0) return
      void Promise.all(owing.map(([host, seen]) => this.#lookAt(host, seen))).then(() => {
        this.#look()
      })
    }
    this.#looking = setTimeout(again, LOOK_MS)
  }

  async #lookAt(host: string, seen: Seen): Promise<void> {
    const found = await this.#ping(seen.identity)
    seen.silence = found === 'silent' ? seen.silence + 1 : 0
    if (found === 'gone') this.#bury(host, seen, 'ERR_HOST_GONE')
    else if (seen.silence >= MOST_SILENCE) this.#bury(host, seen, 'ERR_HOST_SILENT')
  }

  /** Is this very instance of the service there? Another process of the same host has another id. */
  async #ping({ name, id }: ServiceIdentity): Promise<'there' | 'gone' | 'silent'> {
    const client = new Svcm(this.#nats).client({ strategy: 'count', maxMessages: 1, maxWait: PING_MS })
    try {
      for await (const identity of await client.ping(name, id)) if (identity.id === id) return 'there'
      return 'silent'
    } catch (error) {
      return isNoResponders(error) ? 'gone' : 'silent'
    }
  }

  #bury(host: string, { waiting }: Seen, code: DeadHost['code']): void {
    const death = { host, code }
    this.#dead.set(host, death)
    for (const end of waiting) end(death)
  }

  /** Looks at no host any longer. */
  [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#looking)
    return Promise.resolve()
  }
}

function wordsOf(code: DeadHost['code']): string {
  return code === 'ERR_HOST_GONE' ? 'the host has gone' : 'the host did not answer any more'
}

function isNoResponders(error: unknown): boolean {
  return error instanceof errors.NoRespondersError || (error instanceof errors.RequestError && error.isNoResponders())
}

function lost(host: string, endpoint: Endpoint, cause: unknown): TransportError {
  // NATS answers at once where it has no subscriber: then no host has the request.
  if (isNoResponders(cause))
    return new TransportError('ERR_NO_HOST', host, 'not-sent', 'the host is not there', { cause })
  if (cause instanceof errors.TimeoutError) {
    return new TransportError('ERR_NO_ANSWER', host, 'unknown', `no answer to ${endpoint} in time`, { cause })
  }
  return new TransportError('ERR_NATS', host, 'unknown', `the connection to NATS failed: ${String(cause)}`, { cause })
}
