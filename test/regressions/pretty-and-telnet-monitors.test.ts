import { expect, test } from 'vitest'
import { QmpClient } from '../../src/qmp/index.ts'
import { GREETING, ScriptedPeer } from '../unit/qmp/kit.ts'

const EVENT = '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RESUME"}\r\n'

/** A line of a monitor as `pretty=on` prints it. */
function pretty(line: string): string {
  return `${JSON.stringify(JSON.parse(line), null, 4).replaceAll('\n', '\r\n')}\r\n`
}

// Working monitors that were called "not a QMP monitor" (the last one: kata-containers/govmm#90).
test.each<[monitor: string, before: Uint8Array, form: (line: string) => string]>([
  ['-qmp-pretty', Buffer.alloc(0), pretty],
  ['-qmp telnet:', Buffer.from([0xff, 0xfb, 1, 0xff, 0xfb, 3, 0xff, 0xfb, 0, 0xff, 0xfd, 0]), (line) => line],
  ['pretty and telnet', Buffer.from([0xff, 0xfb, 1, 0xff, 0xfb, 3, 0xff, 0xfb, 0, 0xff, 0xfd, 0]), pretty],
  ['an event before the greeting', Buffer.from(EVENT), (line) => line],
  ['a pretty event before the greeting', Buffer.from(pretty(EVENT)), pretty],
])('%s: the monitor works', async (_, before, form) => {
  const peer = new ScriptedPeer()
  peer.say(before)
  peer.say(form(GREETING))
  const connecting = QmpClient.connect(peer.near, { timeoutMs: 60_000 })
  expect(await peer.command()).toMatchObject({ execute: 'qmp_capabilities' })
  peer.say(form('{"return": {}}\r\n'))
  await using client = await connecting
  const events = client.events()
  const answer = client.execute('query-status')
  await peer.command()
  peer.say(form(EVENT))
  peer.say(form('{"return": {"running": true, "status": "running"}}\r\n'))
  expect(await answer).toEqual({ running: true, status: 'running' })
  expect((await events.next()).value).toMatchObject({ event: 'RESUME' })
})
