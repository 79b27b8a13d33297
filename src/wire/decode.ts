import { ProtocolError } from '../errors/peer-errors.ts'
import { foreignValue } from '../errors/quote.ts'
import { isObject, own, type WireMessage } from './message.ts'

/**
 * A place in a reply, for messages such as `query-cpus-fast[3].cpu-index is "x", expected …`. Decoders read the values
 * of a peer from `unknown`: own keys only, integers against limits, anything else is a {@link ProtocolError}.
 */
export class Field {
  readonly value: unknown
  readonly #parent: Field | undefined
  readonly #key: string | number

  /**
   * @param key - the whole path, or within `parent` a member's name or an element's index
   * @param parent - the object or array that it is in
   */
  constructor(key: string | number, value: unknown, parent?: Field) {
    this.#key = key
    this.value = value
    this.#parent = parent
  }

  /** Where it is. Made when it is asked for: a large reply has a hundred thousand places, and mostly no message. */
  get path(): string {
    if (this.#parent === undefined) return String(this.#key)
    return typeof this.#key === 'number' ? `${this.#parent.path}[${this.#key}]` : `${this.#parent.path}.${this.#key}`
  }

  /** The member `key`; its value is `undefined` where it is absent. */
  at(key: string): Field {
    return new Field(key, own(this.object(), key), this)
  }

  /** `decode` of the member, or `undefined` where the peer left it out. */
  optional<T>(key: string, decode: (field: Field) => T): T | undefined {
    const field = this.at(key)
    return field.value === undefined ? undefined : decode(field)
  }

  // The members of a large reply are read in place: a field of its own is made only of one that is not as expected, to
  // say so.

  /** As `at(key).string()`. */
  stringAt(key: string): string {
    const value = own(this.object(), key)
    return typeof value === 'string' ? value : this.at(key).string()
  }

  /** As {@link Field.stringAt}, or `undefined` where the peer left it out. */
  optionalStringAt(key: string): string | undefined {
    const value = own(this.object(), key)
    return value === undefined || typeof value === 'string' ? value : this.at(key).string()
  }

  /** As `at(key).boolean()`. */
  booleanAt(key: string): boolean {
    const value = own(this.object(), key)
    return typeof value === 'boolean' ? value : this.at(key).boolean()
  }

  /** As {@link Field.booleanAt}, or `undefined` where the peer left it out. */
  optionalBooleanAt(key: string): boolean | undefined {
    const value = own(this.object(), key)
    return value === undefined || typeof value === 'boolean' ? value : this.at(key).boolean()
  }

  /** As `at(key).integer(min, max)`. */
  integerAt(key: string, min: number, max: number): number {
    const value = own(this.object(), key)
    return isIntegerWithin(value, min, max) ? value : this.at(key).integer(min, max)
  }

  /** As `at(key).object()`. */
  objectAt(key: string): WireMessage {
    const value = own(this.object(), key)
    return isObject(value) ? value : this.at(key).object()
  }

  /** As {@link Field.objectAt}, or `undefined` where the peer left it out. */
  optionalObjectAt(key: string): WireMessage | undefined {
    const value = own(this.object(), key)
    return value === undefined || isObject(value) ? value : this.at(key).object()
  }

  object(): WireMessage {
    return isObject(this.value) ? this.value : this.#fail('an object')
  }

  /** The elements; `maxLength` guards against a peer that sends a list without end. */
  array(maxLength = Infinity): Field[] {
    if (!Array.isArray(this.value)) return this.#fail('an array')
    if (this.value.length > maxLength) return this.#fail(`an array of at most ${maxLength} elements`)
    return this.value.map((value: unknown, index) => new Field(index, value, this))
  }

  string(): string {
    return typeof this.value === 'string' ? this.value : this.#fail('a string')
  }

  boolean(): boolean {
    return typeof this.value === 'boolean' ? this.value : this.#fail('true or false')
  }

  integer(min: number, max: number): number {
    const { value } = this
    if (isIntegerWithin(value, min, max)) return value
    return this.#fail(`an integer from ${min} to ${max}`)
  }

  #fail(expected: string): never {
    throw new ProtocolError(`${this.path} is ${foreignValue(this.value, 80)}, expected ${expected}`)
  }
}

function isIntegerWithin(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
}
