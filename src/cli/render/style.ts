/** The inks of the command. None means anything that the text does not say too. */
export type Ink = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'alarm' | 'cursor'

const ESCAPE = '\u001b'

/** Puts text in an ink, or leaves it as it is where there is no colour. */
export type Paint = (ink: Ink | undefined, text: string) => string

/**
 * ECMA-48 codes that turn an ink on and off. Written out, since `styleText` came to `node:util` only with Node 20.12 and
 * later versions ask the process's stdout by themselves, which is not theirs to know here.
 */
const CODES: Readonly<Record<Ink, readonly [on: string, off: string]>> = {
  bold: ['1', '22'],
  dim: ['2', '22'],
  green: ['32', '39'],
  yellow: ['33', '39'],
  red: ['31', '39'],
  alarm: ['1;33', '22;39'],
  cursor: ['7', '27'],
}

/**
 * The paint to use: colour on a terminal, unless `NO_COLOR` is set to anything but nothing (no-color.org), or the terminal
 * says that it cannot.
 */
export function paintFor(screen: {
  readonly isTerminal: boolean
  readonly env: Readonly<Record<string, string | undefined>>
}): Paint {
  const { isTerminal, env } = screen
  const hasColour = isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  return hasColour ? paint : plain
}

/** Finds the codes of the inks in a text, and splits it at them with the codes in between. */
export const INK_CODE = new RegExp(
  `(${Object.values(CODES)
    .flat()
    .map((code) => `${ESCAPE}\\[${code}m`)
    .join('|')})`,
)

/** Leaves text as it is. */
export const plain: Paint = (_, text) => text

const paint: Paint = (ink, text) => {
  if (ink === undefined || text === '') return text
  const [on, off] = CODES[ink]
  return `${ESCAPE}[${on}m${text}${ESCAPE}[${off}m`
}
