/** Control, bidirectional, invisible and separator characters, and halves of a surrogate pair. */
const RAW = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
/** Colours of a terminal, and the moves of its cursor that `watch` makes. */
const STYLE = new RegExp(String.raw`\x1b\[[?0-9;]*[mHhlKJ]|\r$`, 'gm')
const MOST_CAUSES = 20

/** The first character of a text that no log or terminal may get. */
export function rawCharacter(text: string): string | undefined {
  const found = RAW.exec(text)?.[0]
  return found === undefined ? undefined : `U+${(found.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}

/** Is all that an error says free of such characters: message, stack, its causes, its JSON? */
export function faultOfErrorText(error: unknown): string | undefined {
  let each = error
  for (let depth = 0; depth < MOST_CAUSES && each instanceof Error; depth++) {
    const where = `${depth === 0 ? 'its' : `the cause ${depth} of its`} ${each.name}`
    const inMessage = rawCharacter(each.message)
    if (inMessage !== undefined) return `${where} has ${inMessage} in its message: ${JSON.stringify(each.message)}`
    for (const line of (each.stack ?? '').split('\n')) {
      const inStack = rawCharacter(line)
      if (inStack !== undefined) return `${where} has ${inStack} in its stack: ${JSON.stringify(line)}`
    }
    each = each.cause
  }
  return undefined
}

/** Is every string of a value that the package has put into words free of such characters? */
export function faultOfWords(value: unknown, path = 'the result'): string | undefined {
  if (typeof value === 'string') {
    const raw = rawCharacter(value)
    return raw === undefined ? undefined : `${path} has ${raw}: ${JSON.stringify(value)}`
  }
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, each] of Object.entries(value)) {
    const fault = faultOfWords(each, `${path}.${key}`)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** Is every line that the command has printed free of such characters, but for the colours of a terminal? */
export function faultOfLines(where: string, text: string, isTerminal: boolean): string | undefined {
  const plain = isTerminal ? text.replace(STYLE, '') : text
  for (const line of plain.split('\n')) {
    const raw = rawCharacter(line)
    if (raw !== undefined) return `${where} has ${raw} in ${JSON.stringify(line.slice(0, 300))}`
  }
  return undefined
}
