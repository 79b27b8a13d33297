import { expect, it } from 'vitest'
import { isSchemaEvent, type QmpEvent } from '../../../src/qmp/index.ts'

// Without a generated file no name can be given: what it does is the same for each.
const isEvent: (event: QmpEvent, name: never) => boolean = isSchemaEvent

it('an event is known by its name alone: its data is not checked', () => {
  const event = { event: 'BLOCK_JOB_COMPLETED', data: {}, timestamp: { seconds: 1, microseconds: 0 } }
  const isNamed = (name: string): boolean => isEvent(event, name as never)
  expect([isNamed('BLOCK_JOB_COMPLETED'), isNamed('BLOCK_JOB_READY'), isNamed('toString')]).toEqual([
    true,
    false,
    false,
  ])
})
