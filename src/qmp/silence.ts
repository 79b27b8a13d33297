import { ConnectionError } from '../errors/peer-errors.ts'
import { foreignText } from '../errors/quote.ts'
import { inBackground } from '../wire/background.ts'
import { serialPortAt } from '../wire/local-chardev.ts'
import { lookAtListener, type LocalListener } from '../wire/local-listener.ts'
import type { Deadline } from '../wire/deadline.ts'

/** How much of the time for a greeting is left for finding out why there is none: a share of it, and at least so much. */
const SHARE = 0.4

/** The least time between two looks, in milliseconds. */
const BETWEEN_MS = 50

/**
 * Waits beside the wait for a greeting, and looks at the socket from outside before that ends: a monitor that does not
 * greet may be another client's, stopped, or none. What could not be seen by then is not known. A monitor that only hangs
 * is looked at again, each time when half of what is left is over: a process that was sent SIGSTOP stops when its host
 * next runs it.
 */
export class SilenceWatch {
  #seen: LocalListener | undefined
  /** The name of the virtio-serial port that it is, where it is one. */
  #port: string | undefined
  #cancel: () => void = () => undefined
  #isOver = false
  readonly #where: string
  readonly #deadline: Deadline
  readonly #lookAt: typeof lookAtListener

  /** @param path - of the UNIX socket; `undefined` for any other connection, at which nothing can be seen */
  constructor(where: string, path: string | undefined, deadline: Deadline, lookAt = lookAtListener) {
    this.#where = where
    this.#deadline = deadline
    this.#lookAt = lookAt
    if (path !== undefined) this.#lookAfter(Math.max(0, deadline.leftMs * (1 - SHARE)), path)
  }

  /** The error for a monitor that did not greet. */
  error(): ConnectionError {
    return silenceError(`${this.#where} did not greet within ${this.#deadline.timeoutMs} ms`, this.#seen, this.#port)
  }

  /** The wait is over: nothing is looked at any longer. */
  end(): void {
    this.#isOver = true
    this.#cancel()
  }

  #lookAfter(ms: number, path: string): void {
    const timer = this.#deadline.clock.after(ms, () => {
      inBackground('a look at a silent monitor', this.#look(path))
    })
    this.#cancel = () => {
      timer.cancel()
    }
  }

  async #look(path: string): Promise<void> {
    const seen = await this.#lookAt(path)
    for (const { pid } of seen?.processes ?? []) this.#port ??= await serialPortAt(path, pid)
    this.#seen = seen
    const nextMs = this.#deadline.leftMs / 2
    if (!this.#isOver && nextMs >= BETWEEN_MS && this.error().code === 'ERR_MONITOR_HANGS')
      this.#lookAfter(nextMs, path)
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
