import type { Duplex } from 'node:stream'
import type { CallOptions } from '../wire/call-options.ts'
import { Deadline } from '../wire/deadline.ts'
import {
  callerOwned,
  connectOptions,
  isExecutor,
  type Endpoint,
  type Link,
  type LinkOptions,
} from '../wire/endpoint.ts'
import { ReconnectingClient } from '../wire/reconnecting-client.ts'
import type { SocketAddress } from '../wire/socket.ts'
import { DEFAULT_COMMAND_TIMEOUT_MS, QgaClient } from './client.ts'
import type { QgaArguments, QgaExecutor } from './executor.ts'

/**
 * Reach an agent. A channel that was dialled and has ended is dialled again at the next command. Opening it does not ask for
 * an answer: a guest may still be booting.
 */
export function reachAgent(endpoint: Endpoint<QgaExecutor>, options: LinkOptions): Link<QgaExecutor> {
  if (endpoint instanceof QgaClient) return callerOwned(endpoint.unchecked)
  return isExecutor(endpoint) ? callerOwned(endpoint) : new ReconnectingQgaClient(endpoint, options)
}

/** A {@link QgaClient} that opens its channel again at the next command after it has ended. */
export class ReconnectingQgaClient implements Link<QgaExecutor>, QgaExecutor {
  readonly executor = this
  readonly #connection: ReconnectingClient<QgaClient>

  constructor(target: SocketAddress | Duplex, options: LinkOptions) {
    this.#connection = new ReconnectingClient("the agent's channel", target, (signal) =>
      QgaClient.connect(target, { ...connectOptions(options), signal, sync: false }),
    )
  }

  open(signal: AbortSignal | undefined): Promise<void> {
    return this.#connection.open(signal)
  }

  async execute(command: string, args?: QgaArguments, options: CallOptions = {}): Promise<unknown> {
    const deadline = new Deadline(options, DEFAULT_COMMAND_TIMEOUT_MS)
    const client = await this.#connection.get(deadline)
    return client.unchecked.execute(command, args, deadline.options())
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}
