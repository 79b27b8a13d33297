import { describe, expect, test } from 'vitest'
import {
  accept,
  askAgain,
  beginRemoval,
  disconnect,
  isCertain,
  isPending,
  join,
  leave,
  look,
  refuse,
  removalIds,
  reset,
  startInGuest,
  withdraw,
  type Removal,
  type RequestState,
} from '../../../../src/domain/vm/removal.ts'
import type { Moment } from '../../../../src/domain/vm/moment.ts'
import { CPU5, removalOf } from './kit.ts'

const STATES: readonly RequestState[] = ['sent', 'unanswered', 'accepted', 'guest-working', 'stale']
const later = { connection: 2, boot: 3, tick: 9 }
const refusal = { reason: 'busy', tick: 6 }

function eachState(change: (removal: Removal) => Removal): string[] {
  return STATES.map((request) => change(removalOf({ request })).request)
}

test('a removal begins sent, with its one caller', () => {
  const askedAt = { connection: 1, boot: 0, tick: 5 }
  expect(beginRemoval({ firstId: 4, count: 2 }, CPU5, 7, askedAt)).toStrictEqual({
    key: 5,
    firstId: 4,
    count: 2,
    device: CPU5,
    request: 'sent',
    askedAt,
    isDoubted: false,
    isGone: false,
    refusal: undefined,
    before: undefined,
    callers: [7],
    end: undefined,
  })
  expect(String(removalIds({ firstId: 4, count: 2 }))).toBe('4-5')
})

describe('from each state', () => {
  test.each([
    ['QEMU accepts', accept, ['accepted', 'accepted', 'accepted', 'guest-working', 'stale']],
    ['the guest begins', startInGuest, ['sent', 'unanswered', 'guest-working', 'guest-working', 'stale']],
    ['the guest is reset', reset, ['sent', 'unanswered', 'stale', 'stale', 'stale']],
    ['the connection is lost', disconnect, ['stale', 'stale', 'accepted', 'guest-working', 'stale']],
  ])('%s', (_, change, after) => {
    expect(eachState(change)).toStrictEqual(after)
  })

  test('a refusal counts once QEMU has answered, or will not', () => {
    const heard = STATES.map((request) => refuse(removalOf({ request }), 'busy', 6).refusal)
    expect(heard).toStrictEqual([undefined, refusal, refusal, refusal, refusal])
  })

  test('pending is all but stale, over another connection while a call waits', () => {
    const pending = (part: Partial<Removal>, now: Moment): boolean[] =>
      STATES.map((request) => isPending(removalOf({ request, ...part }), now))
    const { askedAt } = removalOf()
    const allButStale = [true, true, true, true, false]
    expect(pending({}, askedAt)).toStrictEqual(allButStale)
    expect(pending({ callers: [] }, { ...askedAt, boot: 3, tick: 99 })).toStrictEqual(allButStale)
    expect(pending({}, later)).toStrictEqual(allButStale)
    expect(pending({ callers: [] }, later)).toStrictEqual([false, false, false, false, false])
    expect(isPending(removalOf({ end: { type: 'forgotten' } }), askedAt)).toBe(false)
  })

  test('certain', () => {
    const { askedAt } = removalOf()
    const certain = (part: Partial<Removal>): boolean[] =>
      STATES.map((request) => isCertain(removalOf({ request, ...part }), { ...askedAt, tick: 99 }))
    expect(certain({})).toStrictEqual([true, false, true, true, false])
    expect(certain({ isDoubted: true })).toStrictEqual([false, false, false, true, false])
    expect(certain({ refusal })).toStrictEqual([false, false, false, false, false])
    const working = removalOf({ request: 'guest-working' })
    expect(isCertain(working, { ...askedAt, connection: 2 })).toBe(false)
    expect(isCertain(working, { ...askedAt, boot: 2 })).toBe(false)
  })
})

test('a reset forgets the refusal, a loss that of a request which QEMU had not answered', () => {
  const refused = removalOf({ request: 'accepted', refusal })
  expect(reset(refused)).toStrictEqual(removalOf({ request: 'stale' }))
  expect(disconnect(refused)).toStrictEqual(refused)
  const unanswered = removalOf({ request: 'unanswered', refusal })
  expect(reset(unanswered)).toStrictEqual(removalOf({ request: 'unanswered' }))
  expect(disconnect(unanswered)).toStrictEqual(removalOf({ request: 'stale' }))
})

test('asked again, and withdrawn', () => {
  const first = removalOf({ request: 'accepted', isDoubted: true, refusal })
  const again = askAgain(first, later)
  const before = { request: 'accepted', askedAt: first.askedAt, isDoubted: true, refusal } as const
  expect(again).toStrictEqual(removalOf({ request: 'sent', askedAt: later, before }))
  expect(withdraw(again)).toStrictEqual(first)
  expect(withdraw(removalOf())).toBeUndefined()
  expect(accept(again)).toStrictEqual(removalOf({ request: 'accepted', askedAt: later }))
})

describe('asked again and not answered: what is heard is about the request before', () => {
  const again = (part: Partial<Removal>): Removal => askAgain(removalOf(part), later)
  /** What becomes of each state of the request before; the one that is unanswered stays as it is. */
  function eachBefore(change: (removal: Removal) => Removal, part: Partial<Removal> = {}) {
    return STATES.map((request) => {
      const changed = change(again({ request, ...part }))
      expect({ ...changed, before: undefined }).toStrictEqual({
        ...again({}),
        request: changed.request,
        before: undefined,
      })
      return changed.before
    })
  }

  test('the guest begins', () => {
    const heard = eachBefore(startInGuest)
    expect(heard.map((before) => before?.request)).toStrictEqual([
      'sent',
      'unanswered',
      'guest-working',
      'guest-working',
      'stale',
    ])
    expect(startInGuest(again({ request: 'accepted' })).request).toBe('sent')
  })

  test('the guest refuses', () => {
    const heard = eachBefore((removal) => refuse(removal, 'busy', 6))
    expect(heard.map((before) => before?.refusal)).toStrictEqual([undefined, refusal, refusal, refusal, refusal])
    expect(withdraw(refuse(again({ request: 'accepted' }), 'busy', 6))).toStrictEqual(
      removalOf({ request: 'accepted', refusal }),
    )
  })

  test('the guest is reset', () => {
    const heard = eachBefore(reset, { refusal })
    expect(heard.map((before) => before?.request)).toStrictEqual(['sent', 'unanswered', 'stale', 'stale', 'stale'])
    expect(heard.map((before) => before?.refusal)).toStrictEqual(STATES.map(() => undefined))
    expect(reset(again({})).request).toBe('sent')
  })

  test('the connection is lost', () => {
    const heard = eachBefore(disconnect, { refusal })
    expect(heard.map((before) => before?.request)).toStrictEqual([
      'stale',
      'stale',
      'accepted',
      'guest-working',
      'stale',
    ])
    expect(heard.map((before) => before?.refusal)).toStrictEqual([undefined, undefined, refusal, refusal, refusal])
    expect(disconnect(again({})).request).toBe('stale')
  })
})

test('callers join once, in order, and leave', () => {
  const two = join(removalOf(), 8)
  expect(two).toStrictEqual(removalOf({ callers: [7, 8] }))
  expect(join(two, 8)).toBe(two)
  expect(leave(two, 7, false)).toStrictEqual(removalOf({ callers: [8] }))
  expect(leave(two, 7, true)).toStrictEqual(removalOf({ callers: [8], isDoubted: true }))
  expect(leave(two, 9, true)).toBe(two)
  const working = removalOf({ request: 'guest-working' })
  expect(leave(working, 7, true)).toStrictEqual(removalOf({ request: 'guest-working', callers: [] }))
  const doubted = removalOf({ isDoubted: true })
  expect(leave(doubted, 7, false)).toStrictEqual(removalOf({ isDoubted: true, callers: [] }))
})

describe('a reading', () => {
  const accepted = removalOf({ request: 'accepted' })

  test('without the device ends it, once QEMU has answered', () => {
    const end = { type: 'removed', owner: 7 } as const
    expect(look(accepted, false, 5)).toStrictEqual({ ...accepted, end })
    expect(look(removalOf({ request: 'stale', callers: [] }), false, 5).end).toStrictEqual({ ...end, owner: undefined })
    expect(look(join(accepted, 8), false, 5).end).toStrictEqual(end)
    expect(look(removalOf(), false, 5)).toStrictEqual(removalOf())
  })

  test('without the device, asked for after the refusal, is the work of somebody else', () => {
    const refused = removalOf({ request: 'accepted', refusal })
    expect(look(refused, false, 5).end).toStrictEqual({ type: 'removed', owner: 7 })
    expect(look(refused, false, 6).end).toStrictEqual({ type: 'removed', owner: undefined })
  })

  test('from before the request means nothing', () => {
    expect(look(accepted, false, 4)).toBe(accepted)
  })

  test('changes nothing after the end', () => {
    const forgotten = removalOf({ request: 'accepted', end: { type: 'forgotten' } })
    expect(look(forgotten, false, 9)).toBe(forgotten)
  })

  test('with the device ends it after a refusal alone', () => {
    const refused = removalOf({ request: 'accepted', refusal })
    expect(look(accepted, true, 9)).toBe(accepted)
    expect(look(refused, true, 5)).toBe(refused)
    expect(look(refused, true, 6)).toStrictEqual({ ...refused, end: { type: 'refused', reason: 'busy' } })
  })
})
