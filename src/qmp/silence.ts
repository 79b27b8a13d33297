import { ConnectionError } from '../errors/peer-errors.ts'
import { foreignText } from '../errors/quote.ts'
import { inBackground } from '../wire/background.ts'
import { serialPortAt } from '../wire/local-chardev.ts'
import { lookAtListener, type LocalListener } from '../wire/local-listener.ts'
import type { Deadline } from '../wire/deadline.ts'

/** How much of the time for a greeting is left for finding out why there is none: a share of it, and at least so much. */
const SHARE = 0.4

/**
 * Waits beside the wait for a greeting, and looks at the socket from outside before that ends: a monitor that does not
 * greet may be another client's, stopped, or none. What could not be seen by then is not known.
 */
export class SilenceWatch {
  #seen: LocalListener | undefined
  /** The name of the virtio-serial port that it is, where it is one. */
  #port: string | undefined
  readonly #where: string
  readonly #timeoutMs: number
  readonly #cancel: () => void

  /** @param path - of the UNIX socket; `undefined` for any other connection, at which nothing can be seen */
  constructor(where: string, path: string | undefined, deadline: Deadline) {
    this.#where = where
    this.#timeoutMs = deadline.timeoutMs
    const timer =
      path === undefined
        ? undefined
        : deadline.clock.after(Math.max(0, deadline.leftMs * (1 - SHARE)), () => {
            inBackground('a look at a silent monitor', this.#look(path))
          })
    this.#cancel = () => timer?.cancel()
  }

  /** The error for a monitor that did not greet. */
  error(): ConnectionError {
    return silenceError(`${this.#where} did not greet within ${this.#timeoutMs} ms`, this.#seen, this.#port)
  }

  /** The wait is over: nothing is looked at any longer. */
  end(): void {
    this.#cancel()
  }

  async #look(path: string): Promise<void> {
    const seen = await lookAtListener(path)
    for (const { pid } of seen?.processes ?? []) this.#port ??= await serialPortAt(path, pid)
    this.#seen = seen
  }
}

/**
 * Why a monitor did not greet, by what was seen of its socket.
 *
 * @param silent - that it did not, in words
 * @param seen - `undefined` where nothing could be seen
 * @param port - the name of the virtio-serial port that it is, where it is one
 */
export function silenceError(
  silent: string,
  seen: LocalListener | undefined,
  port: string | undefined,
): ConnectionError {
  if (seen === undefined) return probablyBusy(silent)
  const { accepted, waiting, processes } = seen
  const names = processes.map(({ pid, name }) => `process ${pid} (${foreignText(name, 40)})`).join(' and ')
  if (processes.length > 0 && processes.every(({ state }) => state !== 'running')) {
    const how = processes.every(({ state }) => state === 'traced') ? 'held by a debugger' : 'stopped (SIGSTOP)'
    return new ConnectionError('ERR_PROCESS_STOPPED', `${silent}: ${names}, which listens there, is ${how}`)
  }
  if (port !== undefined) {
    const message = `${silent}: it is not a monitor, but the virtio-serial port ${foreignText(port, 60)}`
    return new ConnectionError('ERR_NOT_QMP', message)
  }
  if (accepted > 1 || (accepted === 1 && waiting > 0)) {
    const message = `${silent}: another client is connected to this monitor (QEMU serves one at a time)`
    return new ConnectionError('ERR_MONITOR_BUSY', message)
  }
  // Something in front of a monitor may hold it and accept every client.
  if (accepted === 1) return probablyBusy(silent)
  const by = names === '' ? '' : ` by ${names}`
  return new ConnectionError('ERR_MONITOR_HANGS', `${silent}: no connection is accepted${by}, and no client has one`)
}

function probablyBusy(silent: string): ConnectionError {
  return new ConnectionError(
    'ERR_MONITOR_BUSY',
    `${silent}: another client probably holds this monitor (QEMU serves one at a time), or it is not a QMP monitor`,
  )
}
