import { isObject } from '../../../src/wire/message.ts'
import type { Mishap, Node, Put } from '../plan/fault.ts'

type Change = Extract<
  Mishap,
  {
    kind:
      'edit' | 'remove' | 'repeat' | 'double-key' | 'taint' | 'taint-keys' | 'words' | 'refuse' | 'accept' | 'wrong-id'
  }
>

/** Stands for JSON text until the message is written. */
class Raw {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A place in a message. */
interface Place {
  readonly key: string
  readonly value: unknown
  readonly kind: Node['kind']
  replace(value: unknown): void
  remove(): void
  repeat(times: number): void
}

/** The JSON text of a message that was changed. */
export function mangle(message: object, change: Change): string {
  const copy = structuredClone(message) as Record<string, unknown>
  switch (change.kind) {
    case 'wrong-id':
      if ('id' in copy) copy['id'] = new Raw(change.id)
      break
    case 'words':
      if (isObject(copy['error'])) copy['error'] = { ...copy['error'], desc: change.text }
      break
    case 'refuse':
      delete copy['return']
      copy['error'] = { class: 'GenericError', desc: change.desc }
      break
    case 'accept':
      delete copy['error']
      copy['return'] = new Raw(rawOf(change.put))
      break
    case 'taint':
      for (const place of placesOf(copy)) {
        if (typeof place.value === 'string') place.replace(place.value + change.text)
      }
      break
    case 'edit':
      pick(copy, change.at)?.replace(new Raw(rawOf(change.put)))
      break
    case 'remove':
      pick(copy, change.at)?.remove()
      break
    case 'taint-keys': {
      const place = pick(copy, { ...change.at, kind: 'member' })
      place?.replace(new Raw(`${write(place.value)},${JSON.stringify(change.text)}:0`))
      break
    }
    case 'repeat':
      pick(copy, { ...change.at, kind: 'element' })?.repeat(change.times)
      break
    case 'double-key': {
      const place = pick(copy, { ...change.at, kind: 'member' })
      place?.replace(new Raw(`${write(place.value)},${JSON.stringify(place.key)}:${rawOf(change.put)}`))
      break
    }
  }
  return write(copy)
}

/** JSON text of what is put somewhere. */
function rawOf(put: Put): string {
  if ('raw' in put) return put.raw
  if ('wide' in put) return `[${Array.from({ length: put.wide }, () => put.of).join()}]`
  const [open, close] = put.of === 'array' ? ['[', ']'] : ['{"a":', '}']
  return `${open.repeat(put.deep)}0${close.repeat(put.deep)}`
}

function pick(message: object, { kind, node }: Node): Place | undefined {
  const places = placesOf(message).filter(
    (place) => kind === 'any' || place.kind === kind || typeof place.value === kind,
  )
  return places[node % Math.max(1, places.length)]
}

/** Every place in what a message carries; its `id` is not one. */
function placesOf(message: object): Place[] {
  const places: Place[] = []
  const visit = (holder: object, depth: number): void => {
    const isList = Array.isArray(holder)
    for (const [key, value] of Object.entries(holder) as [string, unknown][]) {
      if (depth === 0 && key === 'id') continue
      places.push({
        key,
        value,
        kind: isList ? 'element' : 'member',
        replace: (other) => {
          Reflect.set(holder, key, other)
        },
        remove: () => {
          if (isList) holder.splice(Number(key), 1)
          else Reflect.deleteProperty(holder, key)
        },
        repeat: (times) => {
          if (isList) holder.splice(Number(key), 0, ...Array.from({ length: times }, () => value))
        },
      })
      if (typeof value === 'object' && value !== null) visit(value, depth + 1)
    }
  }
  visit(message, 0)
  return places
}

/** JSON text, with raw pieces in it as they are. */
function write(value: unknown): string {
  if (value instanceof Raw) return value.text
  if (Array.isArray(value)) return `[${value.map(write).join()}]`
  if (isObject(value)) {
    return `{${Object.entries(value)
      .map(([key, each]) => `${JSON.stringify(key)}:${write(each)}`)
      .join()}}`
  }
  return JSON.stringify(value)
}
