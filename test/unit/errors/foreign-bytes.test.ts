import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  AbortError,
  CommandError,
  ConnectionError,
  ContradictionError,
  CpuMap,
  ExecutorError,
  GuestChangeError,
  GuestRefusedError,
  GuestScaleError,
  InputError,
  NotConfirmedError,
  NotReachableError,
  PartialChangeError,
  ProtocolError,
  RefusedError,
  ScaleAbortError,
  ScaleError,
  TimeoutError,
  restate,
  type VcpuError,
} from '../../../src/index.ts'
import { LimitError } from '../../../src/errors/limit-error.ts'
import { OverflowError } from '../../../src/errors/overflow-error.ts'
import { shownError } from '../../../src/errors/shown-error.ts'
import { expectPrintable, HOSTILE } from '../../support/hostile-text.ts'

const causes: Readonly<Record<string, unknown>> = {
  'no cause': undefined,
  'an error of V8': thrown(() => JSON.parse(`{"a": ${HOSTILE}}`) as unknown),
  'a chain': new Error(HOSTILE, { cause: new TypeError(HOSTILE, { cause: HOSTILE }) }),
  'an error with hostile fields': Object.assign(new Error(HOSTILE), { path: HOSTILE, [HOSTILE]: [HOSTILE] }),
  'an error with a hostile name': Object.defineProperty(new Error(HOSTILE), 'name', { value: HOSTILE }),
  'an error without a stack': Object.defineProperty(new Error(HOSTILE), 'stack', { value: undefined }),
  'a reason that is text': HOSTILE,
  'a reason that is an object': { [HOSTILE]: HOSTILE, list: [HOSTILE, { deep: HOSTILE }] },
  'one of ours': new CommandError(HOSTILE, HOSTILE, HOSTILE, { cause: new Error(HOSTILE) }),
}

/** Every class, with hostile text wherever it takes text. */
function everyError(cause: unknown): readonly VcpuError[] {
  const options = { cause, outcome: 'unknown' } as const
  const ids = CpuMap.parse('2')
  const step = { id: 2, ids, online: true, reason: HOSTILE }
  const account = { changed: ids, inDoubt: ids, rolledBack: ids, failed: step, rest: [step], rollbackError: cause }
  const steps = [{ step: 'device_add', detail: HOSTILE, atMs: 1 }] as const
  return [
    new AbortError(HOSTILE, 'unknown', cause),
    new CommandError(HOSTILE, HOSTILE, HOSTILE, options),
    new ConnectionError('ERR_CONNECT', HOSTILE, options),
    new ContradictionError(HOSTILE, options),
    new ExecutorError(cause, 'unknown'),
    new GuestChangeError(HOSTILE, { ...options, code: 'ERR_UNSURE', failedStep: 'device_add', steps }),
    new GuestRefusedError(ids, HOSTILE),
    new GuestScaleError({ cause, changed: ids, inDoubt: ids, failed: 2, online: true, rest: ids, isAfter: false }),
    new InputError('ERR_ADDRESS', HOSTILE, options),
    new LimitError('ERR_TOO_MANY_PENDING', HOSTILE),
    new NotConfirmedError(HOSTILE, options),
    new NotReachableError(2, { below: 1, above: 3 }, HOSTILE, HOSTILE),
    new OverflowError(HOSTILE),
    new PartialChangeError(HOSTILE, 1, { 'logical-id': 1, online: true }, options),
    new ProtocolError(HOSTILE, options),
    new RefusedError('ERR_UNSURE', HOSTILE, 2, ids),
    new ScaleAbortError(HOSTILE, 'unknown', cause, { changed: ids, inDoubt: ids }),
    new ScaleError({ ...account, cause, outcome: 'unknown', words: 'failed' }),
    new TimeoutError(HOSTILE, options),
  ]
}

describe.each(Object.entries(causes))('with %s as the cause', (_, cause) => {
  test.each(everyError(cause).map((error): [string, VcpuError] => [error.constructor.name, error]))(
    '%s shows nothing raw',
    (_name, error) => {
      for (const each of [error, restate(error, 'partial')]) {
        expectPrintable(each.message, 0)
        expectPrintable(each.stack?.split('\n    at ')[0] ?? '', 0)
        expectPrintable(String(each), 0)
        for (const options of [{}, { colors: true }, { depth: 10, compact: false }]) {
          const text = inspect(each, options)
          expectPrintable(text, Infinity)
          expect(text).not.toContain('\u001b')
          expect(text.split('\n').filter((line) => line.startsWith('forged'))).toEqual([])
        }
        expectPrintable(inspect({ nested: [each] }), Infinity)
        expectPrintable(unescaped(JSON.stringify(each)), 0)
      }
    },
  )
})

test('what is shown of an error still says its class, its code, where it was made, and the cause', () => {
  const error = new ConnectionError('ERR_CONNECT', 'cannot connect', { cause: new TypeError('no\u001bway') })
  const text = inspect(error)
  expect(text).toMatch(/^ConnectionError: cannot connect\n {4}at /)
  expect(text).toContain("code: 'ERR_CONNECT'")
  expect(text).toMatch(/\[cause\]: (Error \[TypeError\]|TypeError): no\\u\{1b\}way\n/)
  expect(inspect(Object.freeze(error))).toBe(text)
})

test('an error of Node as a cause keeps what a program looks at', () => {
  const error = Object.assign(new Error('connect ENOENT /x\u001b'), {
    code: 'ENOENT',
    errno: -2,
    syscall: 'connect',
    address: '/x\u001b',
  })
  const shown = shownError(error)
  expect(shown).toMatchObject({ message: 'connect ENOENT /x\\u{1b}', code: 'ENOENT', errno: -2, syscall: 'connect' })
  expect(shown).not.toHaveProperty('address')
  expect((shown as Error).stack).toMatch(/^Error: connect ENOENT \/x\\u\{1b\}\n {4}at /)
  expect(shownError(7)).toBe(7)
})

/** The texts of a document as a program has them that parses it. */
function unescaped(json: string): string {
  const texts: string[] = []
  JSON.parse(json, (key, value: unknown) => {
    texts.push(key)
    if (typeof value === 'string') texts.push(value)
    return value
  })
  return texts.join(' ')
}

function thrown(task: () => unknown): unknown {
  try {
    return task()
  } catch (error) {
    return error
  }
}
