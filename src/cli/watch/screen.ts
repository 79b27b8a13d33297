import type { CliIo, HeldTerminal } from '../io.ts'
import { safeText } from '../render/safe-text.ts'
import { plain, type Paint } from '../render/style.ts'
import type { Line } from './lines.ts'

/** The size of a terminal that does not say its own. */
const DEFAULT_COLUMNS = 80
const DEFAULT_ROWS = 24

// Control sequences of xterm, which every terminal of today knows: the alternate screen, and its cursor hidden.
const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
const HOME = '\u001b[H'
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

/** Where there are no keys nothing suspends it. */
const ALWAYS_HELD: HeldTerminal = { isHeld: () => true, release: () => undefined }

/** Draws lines over one another on a terminal's alternate screen, and gives the terminal back as it was. */
export class Screen {
  readonly #io: CliIo
  readonly #paint: Paint
  #held: HeldTerminal | undefined

  constructor(io: CliIo, paint: Paint) {
    this.#io = io
    this.#paint = paint
  }

  /** Can the person at the terminal press keys? */
  get hasKeys(): boolean {
    return this.#io.holdTerminal !== undefined
  }

  /** How large it is now. */
  get size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.#io.columns ?? DEFAULT_COLUMNS, rows: this.#io.rows ?? DEFAULT_ROWS }
  }

  /** Take the terminal until {@link Screen.leave}. */
  enter(onInput: (input: string) => void, onResize: () => void): void {
    this.#io.stdout(ENTER)
    this.#held = this.#io.holdTerminal?.({ onInput, onResize, enter: ENTER, leave: LEAVE }) ?? ALWAYS_HELD
  }

  /** @param lines - no more than the screen has, none longer than it is wide */
  draw(lines: readonly Line[]): void {
    if (this.#held?.isHeld() !== true) return
    // Cleared before it is written: after its last column a terminal still stands in that column.
    const drawn = lines.map((line) => CLEAR_LINE + this.#painted(line)).join('\r\n')
    const below = lines.length < this.size.rows ? `\r\n${CLEAR_BELOW}` : ''
    this.#io.stdout(`${HIDE_CURSOR}${HOME}${drawn}${below}${this.#cursor(lines)}`)
  }

  /** Give the terminal back. Doing so again does nothing. */
  leave(): void {
    if (this.#held === undefined) return
    this.#io.stdout(LEAVE)
    this.#held.release()
    this.#held = undefined
  }

  #painted(line: Line): string {
    const spans = line.map(({ text, ink, isCursor }) => {
      const painted = this.#paint(ink, text)
      return isCursor === true && this.hasKeys ? this.#paint('cursor', painted) : painted
    })
    return safeText(spans.join(''), this.#paint !== plain)
  }

  /** The terminal's own cursor stands on what is pointed at: where there is no colour, too. */
  #cursor(lines: readonly Line[]): string {
    if (!this.hasKeys) return ''
    const row = lines.findIndex((line) => line.some(({ isCursor }) => isCursor))
    const line = lines[row] ?? []
    const at = line.findIndex(({ isCursor }) => isCursor)
    const column = line.slice(0, Math.max(0, at)).reduce((sum, { text }) => sum + text.length, 0)
    return at === -1 ? '' : `\u001b[${row + 1};${column + 1}H${SHOW_CURSOR}`
  }
}
