import fc from 'fast-check'
import { expect, it } from 'vitest'
import { planChange } from '../../../src/cli/watch/change.ts'
import { cutLine, wrapLines } from '../../../src/cli/watch/lines.ts'
import { look, NOTHING_SEEN, press, type WatchState } from '../../../src/cli/watch/model.ts'
import { keysIn } from '../../../src/cli/watch/keys.ts'
import { view } from '../../../src/cli/watch/view.ts'
import { CpuMap, type Vcpu } from '../../../src/index.ts'
import { expectPrintable, HOSTILE } from '../../support/hostile-text.ts'
import { at } from './at.ts'
import { machine, OFFLINE, ONLINE } from './vcpus.ts'

function seen(vcpus: readonly Vcpu[], pending = CpuMap.empty): WatchState {
  return look(NOTHING_SEEN, { vcpus, guest: null, trouble: null, pending }, '12:00:00')
}

function text(state: WatchState, columns: number, rows: number): readonly string[] {
  return view(state, { columns, rows, hasKeys: true }).lines.map((line) => line.map((span) => span.text).join(''))
}

const big = machine(255, (id) => ({ online: id < 9, offlinable: id > 0, props: { 'core-id': id } }))

it('shows 255 slots on 80 by 24 and on 20 by 24, each with a sign', () => {
  for (const columns of [80, 20]) {
    const rows = text(seen(big), columns, 24).flatMap((line) => /^ *\d+ {1,2}([#+. ]+)$/.exec(line)?.[1] ?? [])
    expect(rows.join('').replaceAll(' ', '')).toHaveLength(255)
  }
})

it('keeps the cursor in sight on a screen that is too small for the grid', () => {
  let state = seen(big)
  for (const [keys, id] of [
    ['', 0],
    ['G', 254],
    ['kk', 222],
    ['g', 0],
  ] as const) {
    for (const key of keysIn(keys)) {
      state = press(state, key, view(state, { columns: 20, rows: 6, hasKeys: true }).grid.rows, false).state
    }
    expect(state.selected).toBe(id)
    const { lines } = view(state, { columns: 20, rows: 6, hasKeys: true })
    expect(lines.flat().filter(({ isCursor }) => isCursor)).toHaveLength(1)
  }
})

it('shows a question whole before anything else', () => {
  const asked = press(seen(big), 'last', view(seen(big), { columns: 20, rows: 8, hasKeys: true }).grid.rows, true).state
  const { state } = press(asked, 'plug', [], true)
  expect(text(state, 20, 8).join(' ')).toContain(
    'Plug vCPU 254? y/n Place: core 254. The guest may leave it off: then o turns it on.',
  )
})

it('marks what is pending, refused, not known and not run', () => {
  const guests = [ONLINE, OFFLINE, { id: null, online: null, confidence: 'unknown' }, null, ONLINE, ONLINE] as const
  const vcpus = machine(8, (id) => (id < 6 ? { online: true, offlinable: true, guest: guests[id] ?? null } : {}))
  const state = { ...seen(vcpus, CpuMap.of(4)), refused: CpuMap.of(5) }
  expect(text(state, 80, 24)[2]?.trimEnd()).toBe('+0:9 !1:9 ?2:? !3:- ~4:9 x5:9 .6   .7')
  const legend = text(state, 200, 24).find((line) => line.startsWith('+ ')) ?? ''
  for (const word of ['pending: 1', 'refused: 1', 'not known', 'does not run', 'free: 2'])
    expect(legend).toContain(word)
})

it('is never larger than its screen, whatever there is to show, and has nothing raw in it', () => {
  const foreign = machine(9, (id) => ({
    online: id % 2 === 0,
    offlinable: true,
    deviceId: `${HOSTILE}漢字`,
    props: { 'core-id': id, [HOSTILE]: HOSTILE },
    guest: id === 0 ? ONLINE : null,
  }))
  const state: WatchState = {
    ...seen(foreign),
    blindBy: new Error(HOSTILE),
    history: Array.from({ length: 50 }, (_, event) => `12:00:00  ${String(event)} é`),
    notice: HOSTILE,
  }
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 120 }),
      fc.integer({ min: 1, max: 60 }),
      fc.boolean(),
      (columns, rows, asks) => {
        const planned = planChange('unplug', at(foreign, 0), true)
        const question = asks && typeof planned !== 'string' ? planned : undefined
        const lines = text({ ...state, question }, columns, rows)
        expect(lines.length).toBeLessThanOrEqual(rows)
        for (const line of lines) {
          expect(line.length).toBeLessThanOrEqual(columns)
          expect(line).toMatch(/^[\x20-\x7e…]*$/)
          expectPrintable(line, 0)
        }
      },
    ),
  )
})

it('wraps at blanks, breaks what is longer, and cuts with a sign', () => {
  const lines = wrapLines('one two threefourfive', 8).map((line) => line.map((span) => span.text).join(''))
  expect(lines).toEqual(['one two', 'threefou', 'rfive'])
  expect(cutLine([{ text: 'abc' }, { text: 'def' }], 5).map((span) => span.text)).toEqual(['abc', 'd', '…'])
  expect(cutLine([{ text: 'abc' }], 3).map((span) => span.text)).toEqual(['abc'])
})

it('knows the keys in both modes of the arrows, and takes none from other sequences', () => {
  expect(keysIn('\u001b[A\u001bOB\u001b[1;5C\u001b[200~py\u0003')).toEqual([
    'up',
    'down',
    'other',
    'other',
    'plug',
    'yes',
    'interrupt',
  ])
  expect(keysIn('\u001b')).toEqual(['no'])
})
