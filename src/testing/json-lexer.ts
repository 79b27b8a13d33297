/** What a token is; the six structural characters are their own kind. */
export type TokenKind = '{' | '}' | '[' | ']' | ':' | ',' | 'string' | 'number' | 'keyword' | 'error'

/** A token of JSON as QEMU reads it, with where it begins. */
export interface JsonToken {
  readonly kind: TokenKind
  readonly text: string
  /** Both counted from 1, from the start of the connection, as QEMU 11 says them. */
  readonly line: number
  readonly column: number
}

const STATES = [
  'start',
  'double-quoted',
  'double-quoted escape',
  'single-quoted',
  'single-quoted escape',
  'sign',
  'zero',
  'digits',
  'point',
  'fraction',
  'exponent',
  'exponent sign',
  'exponent digits',
  'keyword',
] as const
type ReadingState = (typeof STATES)[number]
type State = ReadingState | 'recovery'

/** What a byte does in a state: go on, end a token with it, end one before it, or be wrong. */
type Step = ReadingState | { readonly ends: TokenKind; readonly before?: boolean } | 'error'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const LF = 0x0a
const FIRST_IMPOSSIBLE = 0xfe
const STRUCTURAL = '{}[]:,'
const BLANKS = ' \t\r\n'

/**
 * Cuts bytes into tokens as QEMU's parser does (qobject/json-lexer.c): strings in single quotes too, any word of small letters
 * as a keyword. After an error it skips to the next structural character, control character or impossible byte.
 */
export class JsonLexer {
  readonly #onToken: (token: JsonToken) => void
  #state: State = 'start'
  #bytes: number[] = []
  #line = 1
  #column = 0
  #startLine = 1
  #startColumn = 1

  constructor(onToken: (token: JsonToken) => void) {
    this.#onToken = onToken
  }

  push(chunk: Uint8Array): void {
    for (const byte of chunk) {
      this.#column++
      // A byte that ends a token before it is looked at again, and counts as one column more: QEMU 11 counts so.
      if (!this.#take(byte, 0)) this.#take(byte, 1)
      if (byte === LF) {
        this.#line++
        this.#column = 0
      }
    }
  }

  /** Whether the byte is used up. */
  #take(byte: number, shift: number): boolean {
    if (this.#state === 'recovery') {
      if (!endsRecovery(byte)) return true
      this.#state = 'start'
      return false
    }
    if (this.#state === 'start') {
      this.#bytes = []
      this.#startLine = this.#line
      this.#startColumn = this.#column + shift
    }
    const step = STEPS.get(this.#state)?.[byte] ?? 'error'
    if (step === 'error') {
      this.#bytes.push(byte)
      this.#emit('error')
      this.#state = 'recovery'
      return true
    }
    if (typeof step === 'string') {
      if (step !== 'start') this.#bytes.push(byte)
      this.#state = step
      return true
    }
    const isBefore = step.before ?? false
    if (!isBefore) this.#bytes.push(byte)
    this.#state = 'start'
    this.#emit(step.ends)
    return !isBefore
  }

  #emit(kind: TokenKind): void {
    const text = utf8.decode(Uint8Array.from(this.#bytes))
    this.#bytes = []
    this.#onToken({ kind, text, line: this.#startLine, column: this.#startColumn })
  }
}

function endsRecovery(byte: number): boolean {
  const character = String.fromCharCode(byte)
  return (byte < 0x20 && character !== '\t') || byte >= FIRST_IMPOSSIBLE || STRUCTURAL.includes(character)
}

function stepOf(state: ReadingState, byte: number): Step {
  const character = String.fromCharCode(byte)
  const isDigit = /\d/.test(character)
  const isText = byte >= 0x20 && byte < FIRST_IMPOSSIBLE
  // The end of a number or a word is seen at the byte after it, which is part of it only where it is not ASCII.
  const end = (ends: TokenKind): Step => (byte < 0x80 ? { ends, before: true } : 'error')
  switch (state) {
    case 'start':
      return firstStep(character, isDigit)
    case 'double-quoted':
    case 'single-quoted': {
      if (character === (state === 'double-quoted' ? '"' : "'")) return { ends: 'string' }
      if (character === '\\') return `${state} escape`
      return isText ? state : 'error'
    }
    case 'double-quoted escape':
      return isText ? 'double-quoted' : 'error'
    case 'single-quoted escape':
      return isText ? 'single-quoted' : 'error'
    case 'sign':
      return character === '0' ? 'zero' : isDigit ? 'digits' : 'error'
    case 'zero':
      return isDigit ? 'error' : character === '.' ? 'point' : end('number')
    case 'digits':
      if (character === '.') return 'point'
      return isDigit ? 'digits' : /e/i.test(character) ? 'exponent' : end('number')
    case 'point':
      return isDigit ? 'fraction' : 'error'
    case 'fraction':
      return isDigit ? 'fraction' : /e/i.test(character) ? 'exponent' : end('number')
    case 'exponent':
      return isDigit ? 'exponent digits' : /[-+]/.test(character) ? 'exponent sign' : 'error'
    case 'exponent sign':
      return isDigit ? 'exponent digits' : 'error'
    case 'exponent digits':
      return isDigit ? 'exponent digits' : end('number')
    case 'keyword':
      return /[a-z]/.test(character) ? 'keyword' : end('keyword')
  }
}

function firstStep(character: string, isDigit: boolean): Step {
  if (BLANKS.includes(character)) return 'start'
  switch (character) {
    case '{':
    case '}':
    case '[':
    case ']':
    case ':':
    case ',':
      return { ends: character }
    case '"':
      return 'double-quoted'
    case "'":
      return 'single-quoted'
    case '-':
      return 'sign'
    case '0':
      return 'zero'
    default:
      return isDigit ? 'digits' : /[a-z]/.test(character) ? 'keyword' : 'error'
  }
}

/** Worked out once: a lexer is asked for every byte. */
const STEPS: ReadonlyMap<State, readonly Step[]> = new Map(
  STATES.map((state) => [state, Array.from({ length: 256 }, (_, byte) => stepOf(state, byte))]),
)
