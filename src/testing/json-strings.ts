const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
}

/** A string token's value, or what is wrong with it. */
export type StringValue = { readonly value: string } | { readonly wrong: string }

/** What a string token stands for; it may be in single quotes, and escape those (qobject/json-parser.c). */
export function stringOf(token: string): StringValue {
  const body = token.slice(1, -1)
  let value = ''
  for (let at = 0; at < body.length; at++) {
    const character = body.charAt(at)
    if (character !== '\\') {
      value += character
      continue
    }
    const escape = body.charAt(++at)
    if (escape !== 'u') {
      const plain = ESCAPES[escape]
      if (plain === undefined) return { wrong: 'invalid escape sequence in string' }
      value += plain
      continue
    }
    const found = /^(?:[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|[\da-fA-F]{4})/.exec(body.slice(at + 1))
    const digits = found?.[0] ?? body.slice(at + 1, at + 5)
    const isLone = found !== null && digits.length === 4 && /^d[89a-f]/i.test(digits)
    if (found === null || isLone) return { wrong: `\\u${digits} is not a valid Unicode character` }
    value += String.fromCharCode(...digits.split('\\u').map((hex) => Number.parseInt(hex, 16)))
    at += digits.length
  }
  return { value }
}
