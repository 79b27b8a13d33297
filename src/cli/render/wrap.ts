/**
 * Break text at blanks so that no line is longer than `width` characters; a word that is longer keeps its length.
 *
 * @param width - `undefined` where lines need not be broken
 * @param indent - what stands before each line but the first
 */
export function wrapText(text: string, width: number | undefined, indent: string): string {
  if (width === undefined) return text
  const lines: string[] = []
  let line: string | undefined
  for (const word of text.split(' ')) {
    if (line === undefined) line = word
    else if (line.length + 1 + word.length <= width) line += ` ${word}`
    else {
      lines.push(line)
      line = indent + word
    }
  }
  return [...lines, line ?? ''].join('\n')
}
