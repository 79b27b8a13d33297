// What a program logs of this package (errors with their causes, what was told in words) holds nothing of a peer's that steers
// a terminal or forges a line, whatever QEMU and the guest say. Data stays what it is.
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { CpuMap, Domain, VcpuError, type DomainEvent } from '../../src/index.ts'
import { expectPrintable, HOSTILE } from '../support/hostile-text.ts'
import { hostilePeers } from '../support/hostile-peers.ts'
import { testClock } from '../support/passing-clock.ts'
import { startVm } from '../unit/cli/cli-vm.ts'

const timeoutMs = 2_000

const calls: Readonly<Record<string, (domain: Domain) => PromiseLike<unknown>>> = {
  getVcpuMap: (domain) => domain.getVcpuMap('online', { timeoutMs }),
  getGuestMaps: (domain) => domain.getGuestMaps({ timeoutMs }),
  vcpus: (domain) => domain.vcpus({ timeoutMs }),
  plug: (domain) => domain.setVcpuState(2, true, { timeoutMs, guest: true, rollback: true }),
  unplug: (domain) => domain.setVcpuState(1, false, { timeoutMs, guest: true, rollback: true }),
  'bare unplug': (domain) => domain.setVcpuState(1, false, { timeoutMs }),
  guest: (domain) => domain.setGuestVcpuState(1, false, { timeoutMs }),
  'guest run': (domain) => domain.scaleGuest(1, { timeoutMs }),
  run: (domain) => domain.scale(4, { timeoutMs, policy: 'spread-nodes' }),
  'run of a map': (domain) => domain.setVcpuStates(CpuMap.parse('2-3'), true, { timeoutMs, guest: true }),
  layout: (domain) => domain.exportLayout({ timeoutMs }),
  'aborted with hostile text': (domain) => {
    const signal = AbortSignal.abort(new Error(HOSTILE))
    return domain.setVcpuState(3, true, { signal })
  },
  'a step that fails with hostile text': (domain) =>
    domain.setVcpuState(3, true, { timeoutMs, onStep: () => Promise.reject(new Error(HOSTILE)) }),
}

function expectSafe(error: unknown): void {
  if (!(error instanceof VcpuError)) return
  expectPrintable(`${error.message}${String(error)}`, 0)
  const logged = inspect(error, { depth: 8 })
  expectPrintable(logged, Infinity)
  expect(logged.split('\n').filter((line) => line.startsWith('forged'))).toEqual([])
  JSON.parse(JSON.stringify(error), (key, value: unknown) => {
    expectPrintable(key + (typeof value === 'string' ? value : ''), 0)
    return value
  })
}

async function connect(vm: ReturnType<typeof startVm>): Promise<Domain> {
  return Domain.connect({ qmp: vm.qemu.connect(), qga: vm.agent.connect(), clock: testClock() })
}

describe.each(Object.entries(hostilePeers))('a peer with %s', (_, poison) => {
  test.each(Object.entries(calls))('%s', async (_name, call) => {
    await using vm = startVm()
    poison(vm)
    await using domain = await connect(vm)
    await Promise.resolve(call(domain)).catch(expectSafe)
  })

  test('doctor, and what changes() tells', async () => {
    await using vm = startVm()
    poison(vm)
    const domain = await connect(vm)
    const told: DomainEvent[] = []
    const reading = (async () => {
      for await (const event of domain.changes()) told.push(event)
    })()
    for (const { summary, evidence, advice } of await domain.doctor({ timeoutMs }).catch(() => [])) {
      expectPrintable(summary + evidence + advice, 0)
    }
    vm.qemu.dropClient()
    await testClock().sleep(3_000)
    await domain.close()
    await reading
    for (const event of told) {
      if ('error' in event) expectSafe(event.error)
      if ('reason' in event) expectPrintable(event.reason, 0)
    }
  })
})

test('the name of a VM, made from a hostile address, is printable', async () => {
  const error: unknown = await Domain.connect({ qmp: `/nonexistent/${HOSTILE}`, timeoutMs: 60_000 }).catch(
    (each: unknown) => each,
  )
  expect(error).toBeInstanceOf(VcpuError)
  expectSafe(error)
})
