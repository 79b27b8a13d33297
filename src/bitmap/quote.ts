const LONGEST = 80

/**
 * A piece of input as it may appear in an error message: as JSON, printable ASCII only, cut to 80 characters. What a
 * guest or a broken peer wrote can so neither flood a log nor move a terminal's cursor.
 */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? quoteText(value) : quoteOther(value)
  return text.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function quoteText(text: string): string {
  // Cut before it is escaped: JSON.stringify of a huge text would make another huge text.
  return text.length > LONGEST ? `${JSON.stringify(text.slice(0, LONGEST))}...` : JSON.stringify(text)
}

function quoteOther(value: unknown): string {
  const text =
    typeof value === 'number' || typeof value === 'bigint' ? String(value) : (stringify(value) ?? typeof value)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text
}

/** Typed as it behaves: `undefined` and functions have no JSON. */
function stringify(value: unknown): string | undefined {
  return JSON.stringify(value)
}
