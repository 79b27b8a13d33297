import { expect, test } from 'vitest'
import {
  anonymousPath,
  deviceIdOf,
  devicePath,
  isMadeAtStart,
  startPath,
} from '../../../../src/bitmap/machine/device-path.ts'

test('where QEMU keeps what was given an id, what was given none, and what it made at its start', () => {
  const paths = [devicePath('cpu5'), anonymousPath(3), startPath(0)]
  expect(paths).toEqual([
    '/machine/peripheral/cpu5',
    '/machine/peripheral-anon/device[3]',
    '/machine/unattached/device[0]',
  ])
  expect(paths.map(deviceIdOf)).toEqual(['cpu5', null, null])
  expect(paths.map(isMadeAtStart)).toEqual([false, false, true])
})

test('the id of a part is that of its device', () => {
  expect(deviceIdOf('/machine/peripheral/core1/thread[2]')).toBe('core1')
})

test.each(['', '/machine/peripheral', '/machine/peripheral/', '/machine/peripheral//x', 'x/machine/peripheral/cpu5'])(
  '%j has no id and was not made at the start',
  (path) => {
    expect(deviceIdOf(path)).toBeNull()
    expect(isMadeAtStart(path)).toBe(false)
  },
)

test('a path that only contains the one of the start is not one', () => {
  expect(isMadeAtStart('/x/machine/unattached/')).toBe(false)
})
