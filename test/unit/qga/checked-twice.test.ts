import { expect, test } from 'vitest'
import { decodeReply, type QgaCommandName } from '../../../src/qga/commands.ts'

// QgaClient checks the replies to known commands, and whoever uses it as an executor checks them again.
test.each<[command: QgaCommandName, reply: unknown]>([
  ['guest-ping', {}],
  ['guest-info', { version: '10.0.0', supported_commands: [{ name: 'guest-ping', enabled: true }] }],
  ['guest-get-vcpus', [{ 'logical-id': 2, online: false, 'can-offline': true }]],
  ['guest-set-vcpus', 3],
  ['guest-file-open', 1_000],
  ['guest-file-read', { count: 1, 'buf-b64': 'MA==', eof: true }],
  ['guest-file-close', {}],
])('a checked reply to %s passes again as it is', (command, reply) => {
  const once = decodeReply(command, reply)
  expect(decodeReply(command, once)).toEqual(once)
})
