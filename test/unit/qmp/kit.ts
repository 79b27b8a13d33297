import { QmpClient, type QmpConnectOptions } from '../../../src/qmp/index.ts'
import { testClock } from '../../support/passing-clock.ts'
import { ScriptedPeer } from '../wire/scripted-peer.ts'

export { ScriptedPeer, settle } from '../wire/scripted-peer.ts'

export const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 1, "minor": 0, "major": 10}, "package": "Debian"}, "capabilities": ["oob"]}}\r\n'

/** A ready client, in virtual time unless told otherwise, and the peer that it talks to. */
export async function ready(options: QmpConnectOptions = {}) {
  const peer = new ScriptedPeer()
  peer.say(GREETING)
  const connecting = QmpClient.connect(peer.near, { clock: testClock(), ...options })
  const { id } = await peer.command()
  peer.say(`{"return": {}, "id": ${id}}\r\n`)
  return { peer, client: await connecting }
}
