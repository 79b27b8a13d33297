import { QgaClient, type QgaConnectOptions } from '../../../src/qga/index.ts'
import { testClock } from '../../support/passing-clock.ts'
import { ScriptedPeer } from '../wire/scripted-peer.ts'

export { ScriptedPeer, settle } from '../wire/scripted-peer.ts'

export const SENTINEL = Uint8Array.of(0xff)

/** Answer the sync that the client has sent, or will send; its id. */
export async function answerSync(peer: ScriptedPeer) {
  const { execute, arguments: args } = await peer.command()
  if (execute !== 'guest-sync-delimited') throw new Error(`expected a sync, got ${execute}`)
  peer.say(SENTINEL)
  peer.say(`{"return": ${String(args?.['id'])}}\n`)
  return Number(args?.['id'])
}

/** A client in step with its agent, in virtual time unless told otherwise, and the peer that plays the agent. */
export async function synced(options: QgaConnectOptions = {}) {
  const peer = new ScriptedPeer()
  const connecting = QgaClient.connect(peer.near, { clock: testClock(), ...options })
  await answerSync(peer)
  return { peer, client: await connecting }
}

/** Answer the next command with this JSON. */
export async function answer(peer: ScriptedPeer, json: string) {
  const command = await peer.command()
  peer.say(`{"return": ${json}, "id": ${command.id}}\n`)
  return command
}
