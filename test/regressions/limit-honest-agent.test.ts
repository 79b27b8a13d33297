// What must stay possible: the largest replies of honest agents.
import { expect, test } from 'vitest'
import { MAX_CPU_ID } from '../../src/bitmap/index.ts'
import { checkLimits } from '../../src/wire/checked-limits.ts'
import { excessOf } from '../../src/wire/message-cost.ts'

test('the limits of the agent have room for 65,536 vCPUs, and for the largest part of a file that is asked for', () => {
  const limits = checkLimits('qga', undefined)
  const cpus = Array.from({ length: MAX_CPU_ID + 1 }, (_, id) => ({
    online: true,
    'can-offline': true,
    'logical-id': id,
  }))
  // qemu-ga puts a blank behind each colon and comma.
  const spaced = JSON.stringify({ return: cpus, id: 1_000_000 }).replaceAll(':', ': ').replaceAll(',', ', ')
  const reply = Buffer.from(spaced)
  expect(reply.length).toBeLessThanOrEqual(limits.messageBytes)
  expect(reply.length).toBeGreaterThan(limits.countedFromBytes)
  expect(excessOf(reply, limits)).toBeUndefined()
  const chunk = Buffer.from(JSON.stringify({ return: { count: 1_048_576, 'buf-b64': 'A'.repeat(1_398_104) }, id: 1 }))
  expect(excessOf(chunk, limits)).toBeUndefined()
})
