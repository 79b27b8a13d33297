// How text and values of others get into a message: as JSON or as they are, cut before anything is made of them, and with
// nothing in them that could flood a log or steer a terminal.
import { jsonStart } from './json-start.ts'

const MAX_QUOTED = 80
const MAX_FOREIGN = 200

/** A piece of input as it may appear in an error message: as JSON, printable ASCII only, cut to 80 characters. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? quoteText(value) : quoteOther(value)
  return text.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function quoteText(text: string): string {
  // Cut before it is escaped: JSON.stringify of a huge text would make another huge text.
  return text.length > MAX_QUOTED ? `${JSON.stringify(text.slice(0, MAX_QUOTED))}...` : JSON.stringify(text)
}

function quoteOther(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  const { text, isWhole } = jsonStart(value, MAX_QUOTED) ?? { text: typeof value, isWhole: true }
  return isWhole ? text : `${text}...`
}

/**
 * Text of a peer, safe to put into a message: cut to `max` characters, with control, bidirectional and other invisible
 * characters escaped.
 */
export function foreignText(text: string, max: number = MAX_FOREIGN): string {
  const cut = text.length > max ? `${text.slice(0, max)}… (${text.length} characters)` : text
  return printable(cut)
}

/**
 * Every character that cannot be printed as it is: C0, C1 and DEL, format characters (zero-width, bidirectional), line and
 * paragraph separators, lone surrogates, and what else is not shown at all.
 */
const UNPRINTABLE = '[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}\\p{Default_Ignorable_Code_Point}]'

/** What has none of them, as most texts: these need no table of Unicode, for which V8 takes as long as for a whole file. */
const PLAIN = /^[\x20-\x7e]*$/

/** Made when it is needed: as a literal it would be a part of each import. */
let unprintable: RegExp | undefined

/** The same text with those characters escaped, however long it is. */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text
  unprintable ??= new RegExp(UNPRINTABLE, 'gu')
  return text.replace(unprintable, escapeCharacter)
}

/** The same of any value: every text in it, at every depth, and every name of a member. */
export function printableValue(value: unknown): unknown {
  if (typeof value === 'string') return printable(value)
  if (Array.isArray(value)) return value.map(printableValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [printable(key), printableValue(each)]))
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** The same for any value of a peer, as JSON: no more of it is turned into text than is shown. */
export function foreignValue(value: unknown, max: number = MAX_FOREIGN): string {
  if (value === undefined) return 'nothing'
  const json = jsonStart(value, max)
  if (json === undefined) return `no JSON (${typeof value})`
  return `${foreignText(json.text, max)}${json.isWhole ? '' : '…'}`
}
