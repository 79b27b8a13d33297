import { JsonLexer, type JsonToken } from './json-lexer.ts'
import { stringOf } from './json-strings.ts'
import { WORDS_OF_10, WORDS_OF_11, type JsonWords } from './json-words.ts'

/** What a client sent: a value, or what QEMU says is wrong with it. */
export type ReadMessage = { readonly value: unknown } | { readonly wrong: string }

/** Deeper than that QEMU does not read (qobject/json-streamer.c). */
const MAX_NESTING = 1_024

type Container =
  | { readonly kind: 'list'; readonly elements: unknown[] }
  | { readonly kind: 'object'; readonly members: Map<string, unknown>; key: string }

/** What must come next. */
type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'end of element'

const KEYWORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
])

/**
 * Reads what a client sends as QEMU does: a message ends where its brackets are closed, line or no line; what is wrong is
 * said in the words of that version; 0xFF throws away whatever was half read, which is an error of its own.
 */
export class JsonReader {
  readonly #words: JsonWords
  readonly #onMessage: (message: ReadMessage) => void
  #lexer: JsonLexer
  #braces = 0
  #brackets = 0
  #open: Container[] = []
  #expected: Expected = 'value'
  /** The first thing that is wrong with this message. */
  #wrong: string | undefined
  #told = false
  #value: unknown

  /** @param major - QEMU's or the agent's: 11 has another parser than those before it */
  constructor(major: number, onMessage: (message: ReadMessage) => void) {
    this.#words = major >= 11 ? WORDS_OF_11 : WORDS_OF_10
    this.#onMessage = onMessage
    this.#lexer = this.#makeLexer()
  }

  /** Forget what was half read, as a monitor does when its client leaves. */
  reset(): void {
    this.#lexer = this.#makeLexer()
    this.#begin()
  }

  push(chunk: Uint8Array): void {
    this.#lexer.push(chunk)
  }

  #makeLexer(): JsonLexer {
    return new JsonLexer((token) => {
      this.#onToken(token)
    })
  }

  #begin(): void {
    this.#braces = 0
    this.#brackets = 0
    this.#open = []
    this.#expected = 'value'
    this.#wrong = undefined
    this.#told = false
    this.#value = undefined
  }

  #onToken(token: JsonToken): void {
    if (token.kind === 'error') {
      this.#emit({ wrong: `${this.#words.place(token)}JSON parse error, stray '${token.text}'` })
      return
    }
    if (token.kind === '{') this.#braces++
    if (token.kind === '}') this.#braces--
    if (token.kind === '[') this.#brackets++
    if (token.kind === ']') this.#brackets--
    if (!this.#told && this.#braces + this.#brackets > MAX_NESTING) {
      const wrong = 'JSON nesting depth limit exceeded'
      if (this.#words.atOnce) this.#tell(wrong)
      else this.#emit({ wrong })
      return
    }
    const wrong = this.#wrong === undefined ? this.#read(token) : undefined
    if (wrong !== undefined) {
      this.#wrong = `${this.#words.place(token)}JSON parse error, ${wrong}`
      if (this.#words.atOnce) this.#tell(this.#wrong)
    }
    const isOpen = (this.#braces > 0 || this.#brackets > 0) && this.#braces >= 0 && this.#brackets >= 0
    if (isOpen) return
    if (this.#told) this.#begin()
    else this.#emit(this.#wrong === undefined ? { value: this.#value } : { wrong: this.#wrong })
  }

  /** Say it now; what is left of the message is skipped. */
  #tell(wrong: string): void {
    this.#wrong = wrong
    this.#told = true
    this.#onMessage({ wrong })
  }

  #emit(message: ReadMessage): void {
    this.#begin()
    this.#onMessage(message)
  }

  /** Take a token as part of the value; what is wrong with it, if anything is. */
  #read(token: JsonToken): string | undefined {
    const { kind, text } = token
    switch (this.#expected) {
      case 'colon':
        if (kind !== ':') return this.#words.colon
        this.#expected = 'value'
        return undefined
      case 'key or }':
        if (kind === '}') return this.#close(token)
        return this.#readKey(token)
      case 'key':
        return this.#readKey(token)
      case 'end of element': {
        const isList = this.#open.at(-1)?.kind === 'list'
        if (kind === ',') {
          this.#expected = isList ? 'value' : 'key'
          return undefined
        }
        if (kind === (isList ? ']' : '}')) return this.#close(token)
        return isList ? this.#words.afterElement : this.#words.afterMember
      }
      case 'value or ]':
        if (kind === ']') return this.#close(token)
        return this.#readValue(kind, text)
      case 'value':
        return this.#readValue(kind, text)
    }
  }

  #readKey(token: JsonToken): string | undefined {
    if (token.kind !== 'string') return this.#words.key(token)
    const string = stringOf(token.text)
    if ('wrong' in string) return string.wrong
    const container = this.#open.at(-1)
    if (container?.kind === 'object') container.key = string.value
    this.#expected = 'colon'
    return undefined
  }

  #readValue(kind: JsonToken['kind'], text: string): string | undefined {
    switch (kind) {
      case '{':
        this.#open.push({ kind: 'object', members: new Map(), key: '' })
        this.#expected = 'key or }'
        return undefined
      case '[':
        this.#open.push({ kind: 'list', elements: [] })
        this.#expected = 'value or ]'
        return undefined
      case 'number':
        return this.#put(Number(text))
      case 'keyword':
        return KEYWORDS.has(text) ? this.#put(KEYWORDS.get(text)) : `invalid keyword '${text}'`
      case 'string': {
        const string = stringOf(text)
        return 'wrong' in string ? string.wrong : this.#put(string.value)
      }
      default:
        return this.#words.value
    }
  }

  #close({ kind }: JsonToken): string | undefined {
    const container = this.#open.pop()
    if (container === undefined) return this.#words.value
    if (container.kind === 'list') return this.#put(container.elements)
    return kind === '}' ? this.#put(Object.fromEntries(container.members)) : this.#words.afterMember
  }

  /** A value is whole: it goes into what is open, or is the message. */
  #put(value: unknown): string | undefined {
    const container = this.#open.at(-1)
    this.#expected = 'end of element'
    if (container === undefined) this.#value = value
    else if (container.kind === 'list') container.elements.push(value)
    else if (container.members.has(container.key)) return 'duplicate key'
    else container.members.set(container.key, value)
    return undefined
  }
}
