// What a reading of the guest's side costs. Every id is checked against a guest that numbers its CPUs the other way round.
import { describe, expect, onTestFinished, test } from 'vitest'
import { Domain, type Vcpu } from '../../../../src/index.ts'
import type { QmpExecutor } from '../../../../src/qmp/index.ts'
import { SimulatedVm, VirtualClock } from '../../../../src/testing/index.ts'
import { AgentRounds } from '../../../support/agent-rounds.ts'
import { cpuinfoOf, noSuchFile, serveFiles } from '../../../support/guest-files.ts'

const COUNT = 240
const CPU_FILE = /^\/sys\/devices\/system\/cpu\/cpu(\d+)\/firmware_node\/path$/

interface Options {
  /** Has it `/proc/cpuinfo`? */
  readonly cpuinfo: boolean
  /** How long each answer of its agent takes, one after the other, in milliseconds. */
  readonly agentMs: number
}

async function reversedGuest({ cpuinfo, agentMs }: Options) {
  const clock = new VirtualClock()
  const vm = new SimulatedVm({
    machine: { kind: 'x86', bootVcpus: COUNT, maxcpus: COUNT },
    clock,
    timing: { agent: [agentMs, agentMs], monitor: [0, 0] },
  })
  const { agent } = vm
  if (agent === undefined) throw new Error('the VM has an agent')
  const cpus = Array.from({ length: COUNT }, (_, id) => [id, COUNT - 1 - id] as const)
  serveFiles(agent, (path) => {
    if (path === '/proc/cpuinfo') return cpuinfo ? cpuinfoOf(cpus) : noSuchFile(path)
    const [, id] = CPU_FILE.exec(path) ?? []
    if (id === undefined) return undefined
    return `\\_SB_.CPUS.C${(COUNT - 1 - Number(id)).toString(16).toUpperCase().padStart(3, '0')}\n`
  })
  const rounds = new AgentRounds()
  const domain = await clock.run(Domain.connect({ qmp: vm.qmp, qga: vm.qga, clock, trace: rounds.trace }))
  onTestFinished(async () => {
    await domain.close()
    await vm[Symbol.asyncDispose]()
  })
  return { clock, vm, domain, rounds, agent }
}

function expectReversed(vcpus: readonly Vcpu[]) {
  expect(vcpus).toHaveLength(COUNT)
  for (const { id, guest } of vcpus) {
    expect(guest).toEqual({ id: COUNT - 1 - id, online: true, canOffline: id !== COUNT - 1, confidence: 'exact' })
  }
}

describe('240 CPUs', () => {
  test('at 20 ms an answer: within the default time, in a few rounds, and later in one', async () => {
    const { clock, domain, rounds } = await reversedGuest({ cpuinfo: true, agentMs: 20 })
    expectReversed(await clock.run(domain.vcpus()))
    expect(rounds.count).toBeLessThanOrEqual(4)
    rounds.reset()
    expectReversed(await clock.run(domain.vcpus()))
    expect(rounds.commands).toEqual(['guest-get-vcpus'])
  })

  test('without /proc/cpuinfo: each file is read, many at a time, and closed', async () => {
    const { clock, domain, rounds, agent } = await reversedGuest({ cpuinfo: false, agentMs: 1 })
    expectReversed(await clock.run(domain.vcpus()))
    expect(rounds.count).toBeLessThanOrEqual(30)
    expect(rounds.commands.filter((command) => command === 'guest-file-close')).toHaveLength(COUNT)
    expect(agent.openHandles).toEqual([])
    rounds.reset()
    expectReversed(await clock.run(domain.vcpus()))
    expect(rounds.count).toBe(1)
  })

  test('out of time: says how far it came, and the next reading goes on from there', async () => {
    const { clock, domain, rounds } = await reversedGuest({ cpuinfo: false, agentMs: 20 })
    const error = await clock.run(domain.vcpus({ timeoutMs: 6_000 }).catch((reason: unknown) => reason))
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT' })
    const [, came] = /^the guest said of (\d+) of its 240 CPUs .* within 6000 ms$/.exec((error as Error).message) ?? []
    expect(Number(came)).toBeGreaterThan(50)
    rounds.reset()
    expectReversed(await clock.run(domain.vcpus()))
    const opened = rounds.commands.filter((command) => command === 'guest-file-open').length
    expect(opened).toBeLessThanOrEqual(COUNT - Number(came) + 1)
  })
})

describe('what the guest said is asked again', () => {
  const asked = async (vm: Awaited<ReturnType<typeof reversedGuest>>) => {
    vm.rounds.reset()
    expectReversed(await vm.clock.run(vm.domain.vcpus()))
    return vm.rounds.commands.length > 1
  }

  test.each([
    [
      'after a reset',
      async ({ vm, clock }: Awaited<ReturnType<typeof reversedGuest>>) => {
        vm.reset()
        await clock.advance(10_000)
      },
    ],
    [
      'after the agent’s port has closed and opened',
      async ({ vm, clock }: Awaited<ReturnType<typeof reversedGuest>>) => {
        vm.restartAgent()
        await clock.advance(10_000)
      },
    ],
    [
      'after another connection to the monitor',
      async ({ vm, domain, clock }: Awaited<ReturnType<typeof reversedGuest>>) => {
        vm.dropMonitor()
        await clock.advance(1)
        await clock.run(domain.getVcpuMap())
      },
    ],
  ])('%s', async (_, happen) => {
    const guest = await reversedGuest({ cpuinfo: true, agentMs: 1 })
    expect(await asked(guest)).toBe(true)
    expect(await asked(guest)).toBe(false)
    await happen(guest)
    expect(await asked(guest)).toBe(true)
    expect(await asked(guest)).toBe(false)
  })

  test('of a device that took another’s place, and of that alone', async () => {
    const { domain, clock, vm, rounds } = await reversedGuest({ cpuinfo: true, agentMs: 1 })
    await clock.run(domain.vcpus())
    await clock.run(domain.setVcpuState(7, false))
    await clock.run(domain.setVcpuState(7, true))
    await clock.advance(1_000)
    expect(vm.guest.seats).toHaveLength(COUNT)
    rounds.reset()
    await clock.run(domain.vcpus())
    expect(rounds.commands.filter((command) => command === 'guest-file-open')).toHaveLength(1)
  })

  test('where no events are heard, each time', async () => {
    const clock = new VirtualClock()
    const vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 4 }, clock })
    const rounds = new AgentRounds()
    const own = vm.qmpExecutor()
    const qmp: QmpExecutor = { execute: (command, args, options) => own.execute(command, args, options) }
    const domain = await clock.run(Domain.connect({ qmp, qga: vm.qga, trace: rounds.trace, clock }))
    onTestFinished(() => domain.close())
    await clock.run(domain.vcpus())
    rounds.reset()
    await clock.run(domain.vcpus())
    expect(rounds.commands).toContain('guest-file-open')
  })
})
