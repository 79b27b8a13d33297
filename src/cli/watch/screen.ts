import { foreignText } from '../../index.ts'
import { mapsOf } from '../maps.ts'
import { safeText } from '../render/safe-text.ts'
import { renderStrip } from '../render/strip.ts'
import { plain } from '../render/style.ts'
import type { Session } from '../verb.ts'
import type { Snapshot } from './snapshot.ts'

/** Longest text of a peer, in characters. */
const MAX_TEXT = 300
/** The lines that a terminal shows where it does not say its size. */
const DEFAULT_COLUMNS = 80
const DEFAULT_ROWS = 24

// Control sequences of xterm, which every terminal of today knows: the alternate screen, and its cursor hidden.
const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

/** Draws snapshots over one another on a terminal's alternate screen, and gives the terminal back as it was. */
export class Screen {
  readonly #session: Session
  #isOpen = false

  constructor(session: Session) {
    this.#session = session
  }

  /** @param events - the last events, the newest last; as many are shown as there is room for */
  draw(snapshot: Snapshot, events: readonly string[]): void {
    const { io, paint } = this.#session
    const columns = io.columns ?? DEFAULT_COLUMNS
    const rows = io.rows ?? DEFAULT_ROWS
    const cut = (line: string): string => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line)
    const head = [
      paint('bold', cut(headline(snapshot))),
      ...(snapshot.trouble === null
        ? []
        : [paint('alarm', cut(`the guest is not seen: ${foreignText(snapshot.trouble.message, MAX_TEXT)}`))]),
      '',
      ...renderStrip(snapshot.vcpus, columns, paint).split('\n'),
      '',
    ]
    const room = Math.max(0, rows - head.length)
    const lines = [...head, ...(room === 0 ? [] : events.slice(-room)).map((line) => paint('dim', cut(line)))]
    if (!this.#isOpen) io.stdout(ENTER)
    this.#isOpen = true
    const drawn = lines.slice(0, rows).map((line) => safeText(line, paint !== plain) + CLEAR_LINE)
    io.stdout(HOME + drawn.join('\r\n') + CLEAR_BELOW)
  }

  /** Give the terminal back. Doing so again does nothing. */
  leave(): void {
    if (this.#isOpen) this.#session.io.stdout(LEAVE)
    this.#isOpen = false
  }
}

/** `3 plugged (2 may go), 5 free; the guest runs 2 of 3; asked to go: 5`. */
function headline({ vcpus, guest, pending }: Snapshot): string {
  const { online, onlinable, offlinable } = mapsOf(vcpus)
  return [
    `${online.size} plugged (${offlinable.size} may go), ${onlinable.size} free`,
    ...(guest === null ? [] : [`the guest runs ${guest.online.size} of ${guest.possible.size}`]),
    ...(pending.size === 0 ? [] : [`asked to go: ${String(pending)}`]),
  ].join('; ')
}
