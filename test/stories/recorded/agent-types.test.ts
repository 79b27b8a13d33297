import { expect, test } from 'vitest'
import { BLOCKED_COMMAND } from '../../../scripts/record/sessions/agent.ts'
import { qgaDeclaration, readGuestInfo } from '../../../src/cli/schema/agent.ts'
import { own } from '../../../src/wire/message.ts'
import { readRecording } from './recordings.ts'
import { exchangesOf, messagesOf } from './script.ts'

test.each(['7.2', '10.0'])('typegen: what the recorded agent of QEMU %s lists', (version) => {
  const exchanges = exchangesOf(messagesOf(readRecording(`${version}/agent`).pieces.get('qga') ?? []))
  const info = exchanges.find(({ command }) => command === 'guest-info')
  if (info === undefined) throw new Error('guest-info was not recorded')
  const commands = readGuestInfo(own(info.reply.value, 'return'))
  expect(commands.length).toBeGreaterThan(30)

  const declared = qgaDeclaration(commands)
  expect(declared).toContain("    'guest-get-vcpus': { enabled: true; answers: true }\n")
  expect(declared).toContain(
    `    /** Disabled in this agent. */\n    '${BLOCKED_COMMAND}': { enabled: false; answers: true }\n`,
  )
  const mute = commands.filter(({ answers }) => !answers).map(({ name }) => name)
  expect(mute).toEqual(['guest-shutdown', 'guest-suspend-disk', 'guest-suspend-hybrid', 'guest-suspend-ram'])
})
