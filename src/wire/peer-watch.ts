import type { Duplex } from 'node:stream'
import { inBackground } from './background.ts'
import { systemClock, type Clock, type Timer } from './clock.ts'
import { hasVanished, tcpPortsOf, type TcpPorts } from './vanished-peer.ts'

/** How long a TCP connection may be silent after something was sent, before its kernel is asked whether the peer is there. */
const SILENCE_MS = 10_000

/** What a {@link PeerWatch} goes by. */
export interface PeerWatchOptions {
  readonly clock?: Clock | undefined
  /** Has the peer's host acknowledged nothing for long? Unless given, what the kernel says. */
  readonly hasVanished?: ((ports: TcpPorts) => Promise<boolean>) | undefined
  /** Called once at most. */
  readonly onVanished: () => void
}

/**
 * Watches a TCP connection on which something was sent and nothing has come. A peer whose host vanished would keep it for a
 * quarter of an hour, until the kernel gives up what was sent, and every call on it would run out of time.
 */
export class PeerWatch {
  readonly #ports: TcpPorts
  readonly #options: PeerWatchOptions
  #timer: Timer | undefined
  #isOver = false

  private constructor(ports: TcpPorts, options: PeerWatchOptions) {
    this.#ports = ports
    this.#options = options
  }

  /** `undefined` for what is not a TCP connection: nothing vanishes there without an end. */
  static of(stream: Duplex, options: PeerWatchOptions): PeerWatch | undefined {
    const ports = tcpPortsOf(stream)
    return ports === undefined ? undefined : new PeerWatch(ports, options)
  }

  /** Something was sent. */
  sent(): void {
    if (this.#timer !== undefined || this.#isOver) return
    const { clock = systemClock } = this.#options
    const timer = clock.after(SILENCE_MS, () => {
      inBackground('a look at a silent connection', this.#look(timer))
    })
    timer.unref()
    this.#timer = timer
  }

  /** Something has come. */
  heard(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** The connection is closed. */
  end(): void {
    this.heard()
    this.#isOver = true
  }

  async #look(timer: Timer): Promise<void> {
    const isGone = await (this.#options.hasVanished ?? hasVanished)(this.#ports)
    // Something has come meanwhile, or the connection is closed.
    if (this.#timer !== timer) return
    this.#timer = undefined
    if (isGone) {
      this.end()
      this.#options.onVanished()
    } else this.sent()
  }
}
