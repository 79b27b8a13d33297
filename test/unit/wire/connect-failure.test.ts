import { expect, test } from 'vitest'
import { connectFailure } from '../../../src/wire/connect-failure.ts'

test.each([
  ['ENOENT', 'there is no such socket (is QEMU running?)'],
  ['ECONNREFUSED', 'connection refused, nothing listens there (has QEMU ended?)'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['ENOTSOCK', 'that is not a socket'],
  ['EAGAIN', 'other clients hold it and its queue is full (QEMU serves one client per socket)'],
  ['ETIMEDOUT', 'connect ETIMEDOUT'],
])('%s: %s', (code, words) => {
  expect(connectFailure(Object.assign(new Error(`connect ${code}`), { code }))).toBe(words)
})
