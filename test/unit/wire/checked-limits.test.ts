import { describe, expect, test } from 'vitest'
import { checkBothLimits, checkLimits } from '../../../src/wire/checked-limits.ts'
import { COUNTED_FROM_BYTES, WIRE_LIMITS, type LimitRow, type Peer } from '../../../src/wire/limits.ts'

const PEERS: readonly Peer[] = ['qmp', 'qga']
const ROWS: readonly (readonly [string, LimitRow])[] = Object.entries(WIRE_LIMITS)
const settable = (peer: Peer) => ROWS.filter(([, row]) => row[peer] !== undefined)

describe.each(PEERS)('the limits of %s', (peer) => {
  test('are the defaults unless given', () => {
    const limits: object = checkLimits(peer, undefined)
    expect(limits).toMatchObject(Object.fromEntries(settable(peer).map(([name, row]) => [name, row[peer]])))
    expect(limits).toHaveProperty('countedFromBytes', COUNTED_FROM_BYTES[peer])
    expect(checkLimits(peer, {})).toEqual(limits)
    expect(checkLimits(peer, { depth: undefined })).toEqual(limits)
  })

  test.each(settable(peer))('%s can be set from its least to its most', (name, { min, max, [peer]: usual }) => {
    for (const value of [min, max]) expect(checkLimits(peer, { [name]: value })).toHaveProperty(name, value)
    expect(usual).toBeGreaterThanOrEqual(min)
    expect(usual).toBeLessThanOrEqual(max)
  })

  test.each(settable(peer))('%s must be an integer in its range', (name, { min, max }) => {
    for (const value of [NaN, Infinity, -Infinity, -1, min - 1, max + 1, min + 0.5, '7', null, true, [7], 7n]) {
      expect(() => checkLimits(peer, { [name]: value }, 'limits.x')).toThrow(
        expect.objectContaining({
          name: 'InputError',
          code: 'ERR_LIMIT',
          outcome: 'not-sent',
          message: expect.stringMatching(
            new RegExp(`^limits\\.x\\.${name} is .+, expected an integer from ${min} to ${max}$`),
          ) as unknown,
        }) as Error,
      )
    }
  })
})

test.each([null, 7, 'text', [], NaN, () => 1])('%s is not an object of limits', (given) => {
  expect(() => checkLimits('qmp', given)).toThrow(/^limits is .+, expected an object$/)
})

test.each([
  ['qmp', 'syncMs'],
  ['qga', 'events'],
  ['qga', 'greetingMs'],
  ['qmp', 'dept'],
  ['qga', '__proto__x'],
  ['qga', 'toString'],
] as const)('%s has no limit %s', (peer, name) => {
  expect(() => checkLimits(peer, { [name]: 1 })).toThrow(
    expect.objectContaining({
      code: 'ERR_LIMIT',
      message: expect.stringMatching(
        new RegExp(`^limits has no limit "${name}", expected one of messageBytes, (\\w+, )+lineMs$`),
      ) as unknown,
    }) as Error,
  )
})

test('maxMessageBytes is another word for messageBytes, which wins, and is checked as well', () => {
  expect(checkLimits('qga', undefined, 'limits', 500)).toMatchObject({ messageBytes: 500, junkBytes: 1_000 })
  expect(checkLimits('qga', { messageBytes: 7 }, 'limits', 500)).toMatchObject({ messageBytes: 7, junkBytes: 14 })
  expect(() => checkLimits('qga', {}, 'limits', NaN)).toThrow(/^maxMessageBytes is NaN, expected an integer from 1 to/)
})

test('junk is twice a message unless given', () => {
  expect(checkLimits('qmp', { messageBytes: 10, junkBytes: 5 })).toMatchObject({ messageBytes: 10, junkBytes: 5 })
  for (const peer of PEERS) expect(checkLimits(peer, {}).junkBytes).toBe(2 * checkLimits(peer, {}).messageBytes)
})

test.each(['depth', 'elements', 'shapes', 'stringBytes'])('who gives %s has it counted in every message', (name) => {
  for (const peer of PEERS) expect(checkLimits(peer, { [name]: 5 }).countedFromBytes).toBe(0)
})

test('any other limit leaves small messages uncounted', () => {
  expect(checkLimits('qga', { messageBytes: 500, lineMs: 7 }).countedFromBytes).toBe(COUNTED_FROM_BYTES.qga)
})

test('those of both peers of a VM are named by their peer', () => {
  expect(checkBothLimits(undefined)).toEqual({ qmp: checkLimits('qmp', {}), qga: checkLimits('qga', {}) })
  expect(checkBothLimits({ qga: { depth: 3 } })).toEqual({
    qmp: checkLimits('qmp', {}),
    qga: checkLimits('qga', { depth: 3 }),
  })
  expect(() => checkBothLimits({ qmp: { depth: 0 } })).toThrow(/^limits\.qmp\.depth is 0, expected an integer from 1/)
  expect(() => checkBothLimits({ qga: { lineMs: '7' } })).toThrow(/^limits\.qga\.lineMs is "7", expected/)
  expect(() => checkBothLimits(7)).toThrow(/^limits is 7, expected an object$/)
})
