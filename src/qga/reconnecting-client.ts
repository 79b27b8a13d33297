import type { ExecuteOptions } from '../wire/call-options.ts'
import { callerOwned } from '../wire/caller-owned.ts'
import { checkLimits, type CheckedLimits } from '../wire/checked-limits.ts'
import type { Clock } from '../wire/clock.ts'
import { Deadline } from '../wire/deadline.ts'
import { connectOptions, isExecutor, type Endpoint, type Link, type LinkOptions } from '../wire/endpoint.ts'
import { Reconnecting } from '../wire/reconnecting-client.ts'
import type { Target } from '../wire/target.ts'
import { QgaClient } from './client.ts'
import type { QgaArguments, QgaExecutor } from './executor.ts'

/**
 * Reach an agent. A channel that was dialled and has ended is dialled again. Opening it does not ask for an answer: a guest
 * may still be booting.
 *
 * @throws {@link InputError} `ERR_ADDRESS` for what is not an endpoint, `ERR_LIMIT` for a limit that cannot be
 */
export function reachAgent(endpoint: Endpoint<QgaExecutor>, options: LinkOptions): Link<QgaExecutor> {
  if (endpoint instanceof QgaClient) return callerOwned(endpoint.unchecked, options.clock, true)
  return isExecutor(endpoint) ? callerOwned(endpoint, options.clock) : new ReconnectingQgaClient(endpoint, options)
}

/** A {@link QgaClient} that opens its channel again after it has ended. Nothing is sent twice. */
export class ReconnectingQgaClient implements Link<QgaExecutor>, QgaExecutor {
  readonly executor = this
  readonly #clock: Clock | undefined
  readonly #limits: CheckedLimits
  readonly #connection: Reconnecting<QgaClient>

  constructor(target: Target, options: LinkOptions) {
    this.#clock = options.clock
    this.#limits = checkLimits('qga', options.limits)
    this.#connection = new Reconnecting(
      "the agent's channel",
      target,
      async (where, { signal, onConnected, onDisconnected }) => {
        const client = await QgaClient.connect(where, {
          ...connectOptions(options),
          signal,
          sync: false,
          onClosed: onDisconnected,
        })
        // An agent speaks only when it is asked: there is nothing that could have come before this.
        if (client.state !== 'closed') onConnected()
        return client
      },
      options,
    )
  }

  open(signal: AbortSignal | undefined): Promise<void> {
    return this.#connection.open(signal)
  }

  async execute(command: string, args?: QgaArguments, options: ExecuteOptions = {}): Promise<unknown> {
    // One timer a call: where there is a connection, its own is enough.
    const connected = this.#connection.current
    if (connected !== undefined) return connected.unchecked.execute(command, args, options)
    const deadline = new Deadline(options, this.#limits.commandMs, this.#clock)
    const client = await this.#connection.get(deadline).catch((error: unknown): never => {
      options.onUnsent?.()
      throw error
    })
    return client.unchecked.execute(command, args, { ...options, ...deadline.options() })
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}
