import fc from 'fast-check'
import { acts } from '../../stories/domain-over-simulated-vm/acts.ts'
import { hostileText } from './hostile.ts'
import type { Move } from './operation.ts'

const ESCAPE = '\u001b'

const columns = fc.constantFrom(80, 80, 80, 120, 40, 20, 12, 5, 1)
const rows = fc.constantFrom(24, 24, 24, 50, 12, 6, 3, 2, 1)

/** The size of a terminal. */
export const sizes = fc.record({ columns, rows })

const afterMs = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 20) },
  { weight: 2, arbitrary: fc.constantFrom(100, 1_000, 3_000) },
)

const action = fc.constantFrom('p', 'u', 'o', 'f')
const arrow = fc.constantFrom(
  'h',
  'j',
  'k',
  'l',
  'g',
  'G',
  ...['A', 'B', 'C', 'D', 'H', 'F'].map((end) => `${ESCAPE}[${end}`),
)

/** What one read of the terminal gives, that makes sense to no person. */
const nonsense: fc.Arbitrary<string> = fc.oneof(
  hostileText,
  fc.constantFrom(
    ESCAPE,
    `${ESCAPE}[`,
    `${ESCAPE}O`,
    '[A',
    `${ESCAPE}[1;5D`,
    `${ESCAPE}[200~py${ESCAPE}[201~`,
    '\r',
    '\n',
    '\t',
  ),
  fc.string({
    unit: fc.constantFrom('p', 'u', 'o', 'f', 'y', 'n', 'l', ESCAPE, '[', 'A', ' '),
    minLength: 2,
    maxLength: 12,
  }),
  fc
    .array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 12 })
    // ^Z is the terminal's, and never gets here.
    .map((bytes) => bytes.map((byte) => (byte === 26 ? ' ' : String.fromCharCode(byte))).join('')),
)

function press(input: fc.Arbitrary<string>): fc.Arbitrary<Move> {
  return fc.record({ do: fc.constant('press' as const), input, afterMs })
}

/** An action on some vCPU, asked for and answered. */
const change: fc.Arbitrary<readonly Move[]> = fc
  .tuple(fc.nat({ max: 7 }), press(action), press(fc.constantFrom('y', 'y', 'y', 'y', 'n', 'yy', 'q', ESCAPE)))
  .map(([right, ask, answer]) => [
    ...(right === 0 ? [] : [{ do: 'press', input: `g${'l'.repeat(right)}`, afterMs: 1 } as const]),
    ask,
    answer,
  ])

/** A control sequence that comes in two reads. */
const split: fc.Arbitrary<readonly Move[]> = fc
  .tuple(fc.constantFrom('[A', '[B', 'OC', '[1~'), fc.nat({ max: 1 }), afterMs)
  .map(([rest, at, ms]) => [
    { do: 'press', input: ESCAPE + rest.slice(0, at), afterMs: ms },
    { do: 'press', input: rest.slice(at), afterMs: 0 },
  ])

const gesture: fc.Arbitrary<readonly Move[]> = fc.oneof(
  { weight: 8, arbitrary: change },
  { weight: 2, arbitrary: press(arrow).map((move) => [move]) },
  { weight: 2, arbitrary: press(fc.oneof(action, fc.constantFrom('y', 'n'))).map((move) => [move]) },
  { weight: 2, arbitrary: press(nonsense).map((move) => [move]) },
  { weight: 1, arbitrary: split },
  { weight: 1, arbitrary: press(fc.constantFrom('q', '\u0003')).map((move) => [move]) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('resize' as const), columns, rows, afterMs }).map((move) => [move]),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(afterMs, afterMs).map(([ms, forMs]): readonly Move[] => [
      { do: 'suspend', afterMs: ms },
      { do: 'resume', afterMs: forMs },
    ]),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({
        do: fc.constant('act' as const),
        act: fc.constantFrom(...Object.keys(acts)),
        any: fc.nat({ max: 15 }),
        afterMs,
      })
      .map((move) => [move]),
  },
)

/** What happens in front of a terminal, one after the other. */
export const moves: fc.Arbitrary<readonly Move[]> = fc
  .array(gesture, { minLength: 1, maxLength: 8 })
  .map((gestures) => gestures.flat())
