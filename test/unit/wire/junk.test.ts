import { expect, test } from 'vitest'
import { Junk } from '../../../src/wire/junk.ts'

test('counts messages, and their bytes in a row, ends included', () => {
  const junk = new Junk('the guest', 10)
  junk.add(4)
  junk.add(4)
  junk.endRow()
  junk.add(9)
  expect(junk.messages).toBe(3)
  expect(() => {
    junk.add(0)
  }).toThrow(
    expect.objectContaining({
      name: 'ProtocolError',
      code: 'ERR_TOO_MUCH_JUNK',
      message: 'the guest sent 11 bytes that answer nothing',
    }) as Error,
  )
  expect(junk.messages).toBe(4)
})
