/** What a terminal shows after what was written to it. */
export interface TerminalPicture {
  /** Its lines, without the spaces at their ends. */
  readonly lines: readonly string[]
  /** Where its cursor is, from 0; `undefined` while it is hidden. */
  readonly cursor: { readonly row: number; readonly column: number } | undefined
  /** Is the alternate screen shown? */
  readonly isAlternate: boolean
}

const ESCAPE = '\u001b'
const CODE = new RegExp(`${ESCAPE}\\[(\\??)([\\d;]*)([A-Za-z])`, 'y')

/**
 * A terminal of so many columns and rows, that knows the control sequences of the command's own and no others: anything else, and
 * whatever does not fit, is an error.
 */
export function terminalPicture(written: string, columns: number, rows: number): TerminalPicture {
  const blank = (): string[][] => Array.from({ length: rows }, () => Array<string>(columns).fill(' '))
  let cells = blank()
  let [row, column, isShown, isAlternate] = [0, 0, true, false]
  for (let at = 0; at < written.length;) {
    CODE.lastIndex = at
    const [code = '', isPrivate = '', text = '', final = ''] = CODE.exec(written) ?? []
    if (code !== '') {
      at += code.length
      const name = `${isPrivate}${final === 'H' || final === 'm' ? '' : text}${final}`
      const line = cells[row] ?? []
      if (name === '?1049h' || name === '?1049l') {
        isAlternate = name === '?1049h'
        cells = blank()
      } else if (name === '?25h' || name === '?25l') isShown = name === '?25h'
      else if (name === 'H')
        [row = 0, column = 0] = text === '' ? [0, 0] : text.split(';').map((part) => Number(part) - 1)
      else if (name === 'K') line.fill(' ', Math.min(column, columns - 1))
      else if (name === 'J') {
        line.fill(' ', Math.min(column, columns - 1))
        for (const below of cells.slice(row + 1)) below.fill(' ')
      } else if (name !== 'm') throw new Error(`a control sequence that is not the command's: ${JSON.stringify(code)}`)
      continue
    }
    const character = String.fromCodePoint(written.codePointAt(at) ?? 0)
    at += character.length
    if (character === '\r') column = 0
    else if (character === '\n') row++
    else if (!/^[\x20-\x7e…]$/u.test(character)) throw new Error(`not one column wide: ${JSON.stringify(character)}`)
    else {
      const line = cells[row]
      if (line === undefined || column >= columns)
        throw new Error(`row ${row}, column ${column} is outside of the screen`)
      line[column++] = character
    }
  }
  return {
    lines: cells.map((line) => line.join('').trimEnd()),
    cursor: isShown ? { row, column } : undefined,
    isAlternate,
  }
}
