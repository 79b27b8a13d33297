import { expect, onTestFinished, test } from 'vitest'
import { ConnectionError, Domain } from '../../src/index.ts'
import { SimulatedQemu, SimulatedVm } from '../../src/testing/index.ts'
import { testClock, until } from '../support/passing-clock.ts'

const VMS = 200
const DEAD = 137

// What a daemon with many VMs hears, and how long after, by the clock of the simulation.
test('of 200 VMs the one that dies is reported by its name within a second, and so is its return', async () => {
  const clock = testClock()
  const heard: string[] = []
  const dead = new Set<number>()
  const qemus = Array.from(
    { length: VMS },
    () => new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8 }, { clock }),
  )
  const domains = await Promise.all(
    qemus.map(async (qemu, at) => {
      const domain = await Domain.connect({
        qmp: () => {
          if (dead.has(at)) throw new ConnectionError('ERR_CONNECT', 'nothing listens there')
          return (qemus[at] ?? qemu).connect()
        },
        name: `vm${at}`,
        reconnect: 'eager',
        clock,
      })
      onTestFinished(() => domain.close())
      void (async () => {
        for await (const { state } of domain.states()) heard.push(`${domain.name} ${state}`)
      })()
      return domain
    }),
  )
  await until(() => heard.length === VMS)
  heard.length = 0

  const diedAt = clock.now()
  dead.add(DEAD)
  await qemus[DEAD]?.[Symbol.asyncDispose]()
  await until(() => heard.length > 0)
  expect(heard).toEqual([`vm${DEAD} reconnecting`])
  expect(clock.now() - diedAt).toBeLessThan(1_000)
  // It is named wherever its failure goes.
  await expect(domains[DEAD]?.getVcpuMap('online', { timeoutMs: 100 })).rejects.toMatchObject({ vm: `vm${DEAD}` })
  expect(String(await domains[DEAD - 1]?.getVcpuMap())).toBe('0-1')

  // A long outage, with one dial after another.
  await clock.sleep(600_000)
  const again = new SimulatedQemu({ kind: 'x86', bootVcpus: 3, maxcpus: 8 }, { clock })
  qemus[DEAD] = again
  dead.delete(DEAD)
  heard.length = 0
  const backAt = clock.now()
  await until(() => heard.length > 0)
  expect(heard).toEqual([`vm${DEAD} connected`])
  expect(clock.now() - backAt).toBeLessThan(1_000)
  expect(String(await domains[DEAD]?.getVcpuMap())).toBe('0-2')
})

test('a plug by another client is seen, of its VM alone', async () => {
  const clock = testClock()
  const heard: string[] = []
  const vms = Array.from(
    { length: 3 },
    () => new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 }, clock }),
  )
  for (const [at, vm] of vms.entries()) {
    const domain = await Domain.connect({ qmp: vm.qmp, name: `vm${at}`, clock })
    onTestFinished(() => domain.close())
    void (async () => {
      for await (const change of domain.changes()) heard.push(`${domain.name} ${JSON.stringify(change)}`)
    })()
    // What it is compared with.
    await domain.getVcpuMap()
  }
  vms[1]?.other.plug(5)
  await until(() => heard.length > 0)
  expect(heard).toEqual([expect.stringMatching(/^vm1 \{"type":"plugged","ids":"5"/)])
})
