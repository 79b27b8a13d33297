import { expect, onTestFinished, test } from 'vitest'
import { Domain, QmpClient, type QmpExecutor } from '../../../../src/index.ts'
import { SimulatedQemu } from '../../../../src/testing/index.ts'
import { testClock } from '../../../support/passing-clock.ts'

/** A pseries of which a core is on its way out: the first readings miss more and more of its threads. */
async function coreOnItsWayOut(partialReadings: number): Promise<{ domain: Domain; readings: () => number }> {
  const qemu = new SimulatedQemu({ kind: 'pseries', threads: 4, maxcpus: 16, bootVcpus: 8 })
  const client = await QmpClient.connect(qemu.connect(), { clock: testClock() })
  let readings = 0
  const qmp: QmpExecutor = {
    async execute(...[command, args, options]: Parameters<QmpExecutor['execute']>) {
      const reply = await client.execute(command, args, options)
      if (command !== 'query-cpus-fast' || ++readings > partialReadings) return reply
      return (reply as readonly unknown[]).slice(0, -Math.min(3, readings))
    },
  }
  const domain = await Domain.connect({ qmp, clock: testClock() })
  onTestFinished(async () => {
    await domain.close()
    await client.close()
    await qemu[Symbol.asyncDispose]()
  })
  return { domain, readings: () => readings }
}

test('replies that contradict each other for a while are read again', async () => {
  const { domain, readings } = await coreOnItsWayOut(4)
  expect(String(await domain.getVcpuMap())).toBe('0-7')
  expect(readings()).toBe(5)
})

test('replies that go on contradicting each other are told, with both sides', async () => {
  const { domain, readings } = await coreOnItsWayOut(Number.POSITIVE_INFINITY)
  const failure = domain.getVcpuMap()
  await expect(failure).rejects.toMatchObject({ code: 'ERR_CONTRADICTION' })
  await expect(failure).rejects.toThrow(/query-hotpluggable-cpus says .* and query-cpus-fast has there/)
  expect(readings()).toBe(5)
})

test('neither a deadline nor an abort waits for that', async () => {
  const { domain } = await coreOnItsWayOut(Number.POSITIVE_INFINITY)
  const late = await domain.getVcpuMap('online', { timeoutMs: 30 }).catch((error: unknown) => error)
  expect(['ERR_TIMEOUT', 'ERR_CONTRADICTION']).toContain((late as { code?: string }).code)
  const reason = new Error('the operator went home')
  const controller = new AbortController()
  const aborted = domain.getVcpuMap('online', { signal: controller.signal })
  setImmediate(() => {
    controller.abort(reason)
  })
  await expect(aborted).rejects.toBe(reason)
})
