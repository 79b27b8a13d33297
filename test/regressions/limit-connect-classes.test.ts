// connect() of the clients threw classes that its documentation does not name: ProtocolError, CommandError.
import { expect, test } from 'vitest'
import { QgaClient } from '../../src/qga/index.ts'
import { QmpClient } from '../../src/qmp/index.ts'
import { ManualClock, settled } from '../support/manual-clock.ts'
import { GREETING, ScriptedPeer } from '../unit/qmp/kit.ts'

const SECOND = 1_000
const LIMITS = { messageBytes: 1_000, junkBytes: 2_000, lineMs: SECOND }

/** What a peer says when the client is there, and what it says to the first command. */
const PEERS: readonly (readonly [string, string, string])[] = [
  ['says nothing', '', ''],
  ['greets with garbage', 'SSH-2.0-OpenSSH\r\n', ''],
  ['greets with another object', '{"hello": 1}\n', ''],
  ['greets with a line that is too long', `{"QMP": "${'x'.repeat(2_000)}"}\n`, ''],
  ['greets and never ends the line', '{"QMP"', ''],
  ['sends an event without a name', '{"event": 7, "data": []}\n', ''],
  ['sends an event that is not JSON', '{"event": "X"\n', ''],
  ['sends events and no greeting', '{"event": "X"}\n'.repeat(10), ''],
  ['refuses the first command', GREETING, '{"id": 1, "error": {"class": "CommandNotFound", "desc": "no"}}\n'],
  ['answers the first command with nonsense', GREETING, '{"id": 1, "retu\n'],
  ['answers the first command too deep', GREETING, `{"return": ${'['.repeat(200)}${']'.repeat(200)}, "id": 1}\n`],
  ['answers with junk', GREETING, '{"return": {}, "id": 77}\n'.repeat(200)],
  ['answers with lines that are not JSON', '', 'x\n'.repeat(2_000)],
  ['sends bytes that are not text', '\xff\xfe\xfd\n', '\xff\xfe\n'],
  ['ends', '', 'end'],
]

const CLIENTS = { qmp: QmpClient, qga: QgaClient }

test.each(PEERS.flatMap((peer) => [['qmp', ...peer] as const, ['qga', ...peer] as const]))(
  '%s: a peer that %s is a ConnectionError',
  async (client, _, first, then) => {
    const clock = new ManualClock()
    const peer = new ScriptedPeer()
    peer.say(Buffer.from(first, 'latin1'))
    if (first === '' && then !== '') {
      // An agent is asked before it says anything; a monitor that waits for that says this first.
      if (then === 'end') peer.end()
      else peer.say(Buffer.from(then, 'latin1'))
    }
    const limits = { ...LIMITS, depth: 100 }
    const connecting = CLIENTS[client].connect(peer.near, { clock, limits, timeoutMs: 5 * SECOND }).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (first === GREETING) {
      await settled()
      peer.say(Buffer.from(then, 'latin1'))
    }
    await clock.advance(10 * SECOND)
    const error = await connecting
    expect(error).toMatchObject({ name: 'ConnectionError', code: expect.stringMatching(/^ERR_/) as unknown })
    await settled()
    expect(clock.armed).toBe(0)
    expect(peer.near.destroyed).toBe(true)
  },
)

test.each(Object.entries(CLIENTS))('%s: a signal’s reason is the caller’s own', async (_, client) => {
  const controller = new AbortController()
  const connecting = client.connect(new ScriptedPeer().near, { clock: new ManualClock(), signal: controller.signal })
  controller.abort('mine')
  await expect(connecting).rejects.toBe('mine')
})
