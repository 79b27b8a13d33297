// A command for a multiplexed monitor with `argument` in place of `arguments` was carried out without any: QEMU refuses it.
import type { Duplex } from 'node:stream'
import '../../src/qmp/multiplexer-hub.ts'
import { expect, test } from 'vitest'
import { QmpMultiplexer } from '../../src/qmp/index.ts'
import { SimulatedQemu } from '../../src/testing/index.ts'
import { testClock, until } from '../support/passing-clock.ts'

/** What it says to the misspelt command. */
async function answerOf(stream: Duplex): Promise<unknown> {
  let text = ''
  stream.on('data', (bytes: Buffer) => (text += bytes.toString()))
  stream.write('{"execute":"qmp_capabilities"}\n{"execute":"query-status","argument":{"id":"cpu1"}}\n')
  await until(() => text.split('\r\n').length === 4)
  stream.destroy()
  return JSON.parse(text.split('\r\n')[2] ?? '') as unknown
}

test('a member that is misspelt is refused, by the multiplexer as by QEMU itself', async () => {
  const clock = testClock()
  await using qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 1, maxcpus: 4 }, { clock })
  await using monitor = new QmpMultiplexer(() => qemu.connect(), { clock })
  const refusal = { error: { class: 'GenericError', desc: "QMP input member 'argument' is unexpected" } }
  expect(await answerOf(qemu.connect())).toEqual(refusal)
  expect(await answerOf(await monitor.endpoint())).toEqual(refusal)
  expect(qemu.commands.filter(({ command }) => command === 'query-status')).toEqual([])
})
