const MAX_SHOWN = 200

/**
 * Make text of a peer safe to put into a message: cut to `max` characters, with control, bidirectional and other
 * invisible characters escaped, so that a guest can neither flood a log nor steer a terminal.
 */
export function foreignText(text: string, max: number = MAX_SHOWN): string {
  const cut = text.length > max ? `${text.slice(0, max)}… (${text.length} characters)` : text
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, escapeCharacter)
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** The same for any value of a peer, as JSON. */
export function foreignValue(value: unknown, max: number = MAX_SHOWN): string {
  if (value === undefined) return 'nothing'
  return foreignText(jsonOf(value), max)
}

/** An executor of the caller's own may hand over what no JSON has: a BigInt, a function, a cycle. */
function jsonOf(value: unknown): string {
  try {
    const json: unknown = JSON.stringify(value)
    return typeof json === 'string' ? json : `no JSON (${typeof value})`
  } catch {
    return `no JSON (${typeof value})`
  }
}
