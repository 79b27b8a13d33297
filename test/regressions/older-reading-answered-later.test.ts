// The first reading of a connection takes one question more than those after it (what the machine is). Another reading that
// began a moment later, at the same tick, was so complete before it; the older one then took its place, and told of a vCPU that
// somebody had plugged in between that it was unplugged. Seen in random histories (seed 122). What must end: a reading that was
// asked for earlier and takes the place of a later one.
import { expect, test } from 'vitest'
import { adoptReading } from '../../src/domain/vm/adopt-reading.ts'
import { BOOT, slot, stateOf } from '../unit/domain/vm/kit.ts'

const OTHER = { qomPath: '/machine/peripheral/other', hostThreadId: 7 }

test.each([
  [1, 2, true],
  [2, 1, false],
])('question %d was answered after question %d: it is dropped: %s', (older, newer, isDropped) => {
  const state = stateOf({ reading: undefined, bootDevice: undefined })
  const read = (question: number, isPlugged: boolean) => ({
    slots: [slot(0, 1, BOOT), slot(1, 1, isPlugged ? OTHER : undefined)],
    noHotplug: undefined,
    target: 'x86_64',
    askedAt: { ...state.now, question },
  })
  const first = adoptReading(state, read(newer, true)).state
  const { state: after, news } = adoptReading(first, read(older, false))
  expect(news.map(({ type }) => type)).toEqual(isDropped ? [] : ['unplugged'])
  expect(after.reading?.askedAt.question).toBe(isDropped ? newer : older)
})
