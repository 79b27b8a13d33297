import { expect, test } from 'vitest'
import { QmpClient } from '../../src/index.ts'
import { start } from './support/boot.ts'

function nested(depth: number): Record<string, unknown> {
  let value: unknown = 0
  for (let level = 1; level < depth; level++) value = [value]
  return { value }
}

// A line that nests deeper brings hundreds of errors without an id (docs/wire-notes.md), which would answer what is asked next.
test.each(['7.2', '10.0', '11'] as const)(
  'QEMU %s answers the deepest arguments that are sent once',
  async (qemuVersion) => {
    await using machine = await start('x86_64', { qemuVersion })
    await using client = await QmpClient.connect(machine.qmpPath)
    await expect(client.execute('query-version', nested(1_000))).rejects.toMatchObject({
      name: 'CommandError',
      outcome: 'rejected',
      message: expect.stringContaining('value') as string,
    })
    await expect(client.execute('query-version', nested(1_001))).rejects.toMatchObject({ code: 'ERR_ARGUMENTS' })
    expect(await client.execute('query-status')).toMatchObject({ running: true })
    expect(client.droppedMessages).toBe(0)
  },
)
