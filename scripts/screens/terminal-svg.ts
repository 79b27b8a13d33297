/** Characters that look alike, of one line. */
interface Run {
  readonly text: string
  readonly style: Style
}

interface Style {
  readonly colour: string | undefined
  readonly isBold: boolean
  readonly isDim: boolean
  readonly isReversed: boolean
}

const ESCAPE = '\u001b'
const PLAIN: Style = { colour: undefined, isBold: false, isDim: false, isReversed: false }
const PAPER = '#0d1117'
const INK = '#d6dde6'
const DIM = '#7f8b98'
/** ECMA-48, SGR. */
const COLOURS: Readonly<Record<string, string>> = { '31': '#ff7b72', '32': '#56d364', '33': '#e3b341' }

// Pixels of one character of a monospaced font of that size.
const SIZE = 14
const WIDTH = 8.4
const HEIGHT = 18
const MARGIN = 12

/** A screen of a terminal as a picture. Pure. @param lines - with their SGR sequences, as `tmux capture-pane -e` has them */
export function terminalSvg(lines: readonly string[], columns: number): string {
  const [width, height] = [Math.ceil(columns * WIDTH) + 2 * MARGIN, lines.length * HEIGHT + 2 * MARGIN]
  let style = PLAIN
  const drawn = lines.flatMap((line, row) => {
    let column = 0
    const parts: string[] = []
    for (const run of runsOf(line, style)) {
      parts.push(...drawRun(run, column, row))
      column += run.text.length
      style = run.style
    }
    return parts
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="${SIZE}">`,
    `<rect width="${width}" height="${height}" rx="8" fill="${PAPER}"/>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n')
}

/** The runs of a line, the last of which has the style that the next line begins with. */
function runsOf(line: string, first: Style): readonly Run[] {
  let style = first
  const parts = line.split(new RegExp(`${ESCAPE}\\[([\\d;]*)m`))
  return parts.flatMap((part, at): readonly Run[] => {
    // Every second part is what stands in a sequence.
    if (at % 2 === 1) {
      style = styled(style, part)
      return [{ text: '', style }]
    }
    return [{ text: part, style }]
  })
}

function styled(before: Style, codes: string): Style {
  return (codes === '' ? ['0'] : codes.split(';')).reduce<Style>((style, code) => {
    switch (code) {
      case '0':
        return PLAIN
      case '1':
        return { ...style, isBold: true }
      case '2':
        return { ...style, isDim: true }
      case '7':
        return { ...style, isReversed: true }
      case '22':
        return { ...style, isBold: false, isDim: false }
      case '27':
        return { ...style, isReversed: false }
      case '39':
        return { ...style, colour: undefined }
      // The background, of which the command uses the terminal's own alone.
      case '49':
        return style
      default:
        if (COLOURS[code] === undefined) throw new Error(`a colour that the command does not use: ${code}`)
        return { ...style, colour: COLOURS[code] }
    }
  }, before)
}

function drawRun({ text, style }: Run, column: number, row: number): readonly string[] {
  if (text === '' || (text.trim() === '' && !style.isReversed)) return []
  const [x, y] = [MARGIN + column * WIDTH, MARGIN + row * HEIGHT]
  const colour = style.colour ?? (style.isDim ? DIM : INK)
  const width = text.length * WIDTH
  const back = style.isReversed
    ? [`<rect x="${fixed(x)}" y="${fixed(y)}" width="${fixed(width)}" height="${HEIGHT}" fill="${colour}"/>`]
    : []
  const weight = style.isBold ? ' font-weight="bold"' : ''
  const fill = style.isReversed ? PAPER : colour
  return [
    ...back,
    `<text x="${fixed(x)}" y="${fixed(y + SIZE)}" fill="${fill}"${weight} textLength="${fixed(width)}" xml:space="preserve">${escaped(text)}</text>`,
  ]
}

function fixed(pixels: number): string {
  return String(Math.round(pixels * 10) / 10)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
