import { foreignText, printable } from './quote.ts'

/** Most characters of a message, and of each line of a stack. */
const MAX_MESSAGE = 1_000
/** A line of V8's that says where. */
const STACK_LINE = /^ {4}at /

/** What a system error says beside its message, and in which there is no text of others. */
const FACTS = ['code', 'errno', 'syscall'] as const

const BUILT_IN = [SyntaxError, TypeError, RangeError] as const

/**
 * An error of Node or V8 as a cause: the same class by its name, the same place, and a message in which whatever it quotes
 * (`Unexpected token … is not valid JSON`, a path) can neither flood a log nor steer a terminal.
 */
export function shownError(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? foreignText(error, MAX_MESSAGE) : error
  const message = foreignText(error.message, MAX_MESSAGE)
  const name = foreignText(error.name)
  const shown = new Error(message, error.cause === undefined ? {} : { cause: shownError(error.cause) })
  const places = (error.stack ?? '').split('\n').filter((line) => STACK_LINE.test(line))
  const stack = [`${name}: ${message}`, ...places.map((line) => printable(line.slice(0, MAX_MESSAGE)))].join('\n')
  Object.defineProperties(shown, {
    name: { value: name, configurable: true, writable: true },
    stack: { value: stack, configurable: true, writable: true },
  })
  // So that it is still recognised as what it is. Another class may have anything in its prototype.
  const builtIn = BUILT_IN.find((each) => error instanceof each)
  if (builtIn !== undefined) Object.setPrototypeOf(shown, builtIn.prototype)
  const facts = Object.entries(error).filter(([key]) => FACTS.some((fact) => fact === key))
  return Object.assign(shown, Object.fromEntries(facts))
}
