// One monitor of a real QEMU for two domains and a client of one process, and for a client of another.
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { resolveQemu, startMachine } from '../../packages/guest-kit/src/index.ts'
import { Domain } from '../../src/index.ts'
import { QmpClient, QmpMultiplexer } from '../../src/qmp/index.ts'
import { trueIndexes } from '../oracle/vcpus.ts'

test('two domains and a client work through one monitor of QEMU 11, and one closes in the middle', async () => {
  const qemu = await resolveQemu('11', 'x86_64', console.error)
  await using machine = await startMachine({ qemu, smp: '2,maxcpus=8', paused: true })
  await using monitor = new QmpMultiplexer(machine.qmpPath)
  const one = await Domain.connect({ qmp: monitor.endpoint })
  await using other = await Domain.connect({ qmp: monitor.endpoint })
  await using client = await QmpClient.connect(monitor.endpoint)
  expect(client.greeting.version.qemu.major).toBe(11)
  expect(monitor.clients).toBe(3)

  // QEMU's own socket is taken: it serves one client.
  await expect(QmpClient.connect(machine.qmpPath, { timeoutMs: 500 })).rejects.toMatchObject({
    code: 'ERR_MONITOR_BUSY',
  })

  const events = client.events()
  await Promise.all([one.setVcpuState(5, true), other.setVcpuState(3, true)])
  expect(await trueIndexes(machine)).toEqual([0, 1, 3, 5])
  // A command of its own, in the middle of which it closes; what is asked of the others is answered all the same.
  const left = one.setVcpuState(6, true)
  const reads = Array.from({ length: 50 }, () => client.execute('query-hotpluggable-cpus'))
  const ended = left.then(
    () => 'done',
    (error: unknown) => error,
  )
  await one.close()
  expect(['done', expect.objectContaining({ code: 'ERR_CLOSED' })]).toContainEqual(await ended)
  expect(new Set((await Promise.all(reads)).map((slots) => slots.length))).toEqual(new Set([8]))
  expect(String(await other.getVcpuMap())).toBe(
    (await trueIndexes(machine)).join().replace('0,1', '0-1').replace('5,6', '5-6'),
  )
  await expect(client.execute('x-no-such-command')).rejects.toMatchObject({ errorClass: 'CommandNotFound' })

  // What QEMU has once: each hears what another causes.
  await client.execute('cont')
  const heard: string[] = []
  for await (const { event } of events) {
    heard.push(event)
    if (event === 'RESUME') break
  }
  expect(heard).toContain('RESUME')
  expect(await client.execute('query-status')).toMatchObject({ status: 'running' })

  // The command of another process, over a socket of this one.
  const folder = await mkdtemp(join(tmpdir(), 'qemu-vcpu-mux-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'qmp.sock')
  const server = createServer((socket) => {
    monitor.serve(socket).catch(() => undefined)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  onTestFinished(() => void server.close())
  await using guest = await Domain.connect({ qmp: path })
  expect(String(await guest.getVcpuMap())).toBe(String(await other.getVcpuMap()))
})
