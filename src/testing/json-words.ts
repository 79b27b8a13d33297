import type { JsonToken } from './json-lexer.ts'

/** What is wrong at a token, in the words of one generation of QEMU's parser. */
export interface JsonWords {
  /** Does it say so at that token, and skip to the end of the message, or only at the end? */
  readonly atOnce: boolean
  /** Wherever a value must stand. */
  readonly value: string
  /** Wherever the key of a member must stand. */
  readonly key: (token: JsonToken) => string
  readonly colon: string
  readonly afterElement: string
  readonly afterMember: string
  readonly place: (token: JsonToken) => string
}

/** Up to QEMU 10: without the place, and a key is any value until it turns out to be no string. */
export const WORDS_OF_10: JsonWords = {
  atOnce: false,
  value: 'expecting value',
  key: ({ kind, text }) => {
    if (kind === 'keyword' && !['true', 'false', 'null'].includes(text)) return `invalid keyword '${text}'`
    return kind === 'number' || kind === 'keyword' ? 'key is not a string in object' : 'expecting value'
  },
  colon: 'missing : in object pair',
  afterElement: 'expected separator in list',
  afterMember: 'expected separator in dict',
  place: () => '',
}

/** QEMU 11: with line and column of the token, counted from the start of the connection. */
export const WORDS_OF_11: JsonWords = {
  atOnce: true,
  value: 'expecting value',
  key: () => 'expecting key',
  colon: "expecting ':'",
  afterElement: "expected ',' or ']'",
  afterMember: "expected ',' or '}'",
  place: ({ line, column }) => `${line}:${column}: `,
}
