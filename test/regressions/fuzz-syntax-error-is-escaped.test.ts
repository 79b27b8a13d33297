import { expect, test } from 'vitest'
import { domainPlan } from '../fuzz/plan/plain.ts'
import { rawCharacter } from '../fuzz/invariants/text.ts'
import { runDomain } from '../fuzz/run/run-domain.ts'
import { parseMessage } from '../../src/wire/message.ts'
import { thrownBy } from '../support/thrown-by.ts'

// npm run fuzz: Node's SyntaxError quotes the line that it could not parse, and it was the cause as it is.
test.each(['\0\u001b[2J', '\u202e{', '{"a": \u2028}'])('the cause has nothing of %j in it as it is', (line) => {
  const error = thrownBy(() => parseMessage(Buffer.from(line)))
  const cause = error instanceof Error ? error.cause : undefined
  expect(String(cause)).toMatch(/^SyntaxError: /)
  expect(rawCharacter(String(cause))).toBeUndefined()
})

test('a monitor that sends NUL before its greeting', async () => {
  const garbage = { kind: 'garbage', place: 'before', bytes: '\0' } as const
  const fault = { link: 'qmp', at: { on: 'greeting', nth: 1 }, mishap: garbage } as const
  const { faults } = await runDomain(domainPlan([], { faults: [fault] }))
  expect(faults).toEqual([])
})
