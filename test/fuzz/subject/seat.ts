import { CpuMap } from '../../../src/index.ts'
import type { CliIo, HeldTerminal, TerminalHold } from '../../../src/cli/io.ts'
import { terminalPicture } from '../../unit/cli/terminal-picture.ts'

const ENTER = '\u001b[?1049h'
const LEAVE = '\u001b[?1049l'

/** A question as the screen shows it. */
export interface Question {
  readonly action: 'plug' | 'unplug' | 'on' | 'off'
  /** Of vCPUs, or for `on` and `off` of the guest's CPU. */
  readonly ids: CpuMap
}

/**
 * A terminal that knows the command's own control sequences and no others, and the person in front of it, who reads it before
 * each key: what was asked, what was answered yes to, and what was wrong on the way.
 */
export class Seat {
  /** Questions that were on the screen when a yes was pressed. */
  readonly confirmed: Question[] = []
  readonly faults: string[] = []
  columns: number
  rows: number
  #written = ''
  /** Where the writing for the present size begins. */
  #since = 0
  #hold: TerminalHold | undefined
  #holds = 0
  #isSuspended = false

  constructor({ columns, rows }: { readonly columns: number; readonly rows: number }) {
    this.columns = columns
    this.rows = rows
  }

  /** How often the terminal was taken. */
  get holds(): number {
    return this.#holds
  }

  readonly write = (text: string): void => {
    // Left while it is suspended, it is given back once more, which changes nothing.
    if (this.#isSuspended && !text.endsWith(LEAVE)) this.#fault(`written while suspended: ${JSON.stringify(text)}`)
    this.#written += text
  }

  readonly hold: NonNullable<CliIo['holdTerminal']> = (hold): HeldTerminal => {
    if (this.#hold !== undefined) this.#fault('the terminal was taken while it was')
    this.#hold = hold
    this.#holds++
    return {
      isHeld: () => !this.#isSuspended,
      release: () => {
        if (this.#hold === undefined) this.#fault('the terminal was released twice')
        this.#hold = undefined
      },
    }
  }

  /** Keys, as one read. */
  press(input: string): void {
    if (this.#hold === undefined || this.#isSuspended) return
    const question = this.#question()
    if (question !== undefined && input.startsWith('y')) this.confirmed.push(question)
    this.#hold.onInput(input)
  }

  resize(columns: number, rows: number): void {
    // What it shows until it is drawn again is not for this size.
    this.#check()
    this.columns = columns
    this.rows = rows
    this.#since = this.#written.length
    if (!this.#isSuspended) this.#hold?.onResize()
  }

  /** ^Z. */
  suspend(): void {
    if (this.#hold === undefined || this.#isSuspended) return
    this.#isSuspended = true
    this.#written += this.#hold.leave
  }

  /** `fg`. */
  resume(): void {
    if (!this.#isSuspended) return
    this.#isSuspended = false
    if (this.#hold === undefined) return
    this.#written += this.#hold.enter
    this.#hold.onResize()
  }

  /** The command has ended: is the terminal as it was? */
  end(): void {
    this.#check()
    if (this.#hold !== undefined) this.#fault('the terminal was not released')
    if (this.#written.lastIndexOf(ENTER) > this.#written.lastIndexOf(LEAVE))
      this.#fault('the alternate screen was not left')
    if (this.#written.lastIndexOf('\u001b[?25l') > this.#written.lastIndexOf('\u001b[?25h'))
      this.#fault('the cursor was left hidden')
    const after = this.#written.slice(this.#written.lastIndexOf(LEAVE) + LEAVE.length)
    if (this.#holds > 0 && after !== '')
      this.#fault(`written after the terminal was given back: ${JSON.stringify(after)}`)
  }

  #check(): string {
    try {
      return terminalPicture(this.#written.slice(this.#since), this.columns, this.rows).lines.join(' ')
    } catch (error) {
      this.#fault(error instanceof Error ? error.message : String(error))
      return ''
    }
  }

  #question(): Question | undefined {
    // A narrow screen breaks it between words, a narrower one within them.
    const text = this.#check().replaceAll(' ', '')
    const { action = '', ids = '' } = /(?<action>Plug|Unplug)vCPUs?(?<ids>[\d,-]+)\?y\/n/.exec(text)?.groups ?? {}
    if (action === 'Plug' || action === 'Unplug')
      return { action: action === 'Plug' ? 'plug' : 'unplug', ids: CpuMap.parse(ids) }
    const { state = '', id = '' } = /Turn(?<state>on|off)CPU(?<id>\d+)oftheguest\?y\/n/.exec(text)?.groups ?? {}
    return state === 'on' || state === 'off' ? { action: state, ids: CpuMap.parse(id) } : undefined
  }

  #fault(what: string): void {
    // The same is wrong with each further drawing.
    if (this.faults.length < 5) this.faults.push(what)
  }
}
