import { expect, test } from 'vitest'
import { parseSoakOptions, SoakUsageError } from '../../soak/options.ts'

test('unless given: ten minutes, two guests, two hundred VMs', () => {
  expect(parseSoakOptions([], 7)).toEqual({
    minutes: 10,
    guests: 2,
    vms: 200,
    seed: 7,
    svg: undefined,
    paceMs: 1_500,
    leakKib: 0,
  })
})

test('all of it can be given', () => {
  const argv = '--minutes 0.5 --guests 0 --vms 12 --seed 3 --svg soak.svg --pace 20 --leak 64'.split(' ')
  expect(parseSoakOptions(argv, 7)).toEqual({
    minutes: 0.5,
    guests: 0,
    vms: 12,
    seed: 3,
    svg: 'soak.svg',
    paceMs: 20,
    leakKib: 64,
  })
})

test.each([
  ['--minutes 0'],
  ['--minutes x'],
  ['--minutes='],
  ['--guests 1.5'],
  ['--vms -1'],
  ['--seed 0.5'],
  ['--speed 3'],
  ['soon'],
  ['--guests 0 --vms 0'],
])('%s is a wrong usage', (words) => {
  expect(() => parseSoakOptions(words.split(' '), 1)).toThrow(SoakUsageError)
})
