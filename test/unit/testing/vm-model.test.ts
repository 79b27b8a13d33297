import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Refusal, SimulatedVm, VirtualClock, type MachineKind, type VmTruth } from '../../../src/testing/index.ts'

type Act = (vm: SimulatedVm) => void

const acts: Readonly<Record<string, Act>> = {
  reset: (vm) => {
    vm.reset()
  },
  'reset unheard': (vm) => {
    vm.reset({ heard: false })
  },
  kexec: (vm) => {
    vm.kexec()
  },
  restart: (vm) => {
    vm.restart({ downMs: vm.random.integer(0, 100) })
  },
  'drop monitor': (vm) => {
    vm.dropMonitor()
  },
  'hold monitor': (vm) => {
    vm.holdMonitor(vm.random.integer(1, 1_000))
  },
  'restart agent': (vm) => {
    vm.restartAgent()
  },
  'stop agent': (vm) => {
    vm.stopAgent()
  },
  'cont agent': (vm) => {
    vm.contAgent()
  },
  pause: (vm) => {
    vm.pause()
  },
  resume: (vm) => {
    vm.resume()
  },
  panic: (vm) => {
    vm.panic()
  },
  shutdown: (vm) => {
    vm.shutdown()
  },
  plug: (vm) => {
    vm.other.plug(vm.random.integer(0, 7))
  },
  unplug: (vm) => {
    vm.other.unplug(vm.random.integer(0, 7))
  },
  'guest set': (vm) => {
    vm.other.guestSet(vm.random.integer(0, 7), vm.random.next() < 0.5)
  },
}

/** What holds at any time, whatever happened. */
function check({ slots, boot, switches, requests }: VmTruth): void {
  const guestIds: number[] = []
  for (const { device, vcpus, pendingUnplug } of slots) {
    for (const { threadId, guest } of vcpus) {
      expect(threadId === undefined).toBe(device === undefined)
      if (guest !== undefined) guestIds.push(guest.logicalId)
      // A guest has no CPU that QEMU has not.
      if (device === undefined) expect(guest).toBeUndefined()
    }
    if (pendingUnplug === undefined) continue
    expect(device).toBeDefined()
    expect(pendingUnplug.boot).toBeLessThanOrEqual(boot)
  }
  expect(new Set(guestIds).size).toBe(guestIds.length)
  for (const record of [...switches, ...requests]) expect(record.boot).toBeLessThanOrEqual(boot)
}

async function live(kind: MachineKind, seed: number, steps: readonly (readonly [string, number])[]) {
  const clock = new VirtualClock()
  const threads = kind === 'pseries' ? 2 : 1
  const vm = new SimulatedVm({
    machine: { kind, bootVcpus: 2, maxcpus: 8, threads },
    clock,
    seed,
    guest: { onPlug: ['accept', 'pretend', 'refuse', 'ignore'], onUnplug: ['remove', 'refuse', 'ignore'] },
  })
  for (const [act, ms] of steps) {
    try {
      acts[act]?.(vm)
    } catch (error) {
      if (!(error instanceof Refusal)) expect(['ERR_VCPU', 'ERR_CONNECT']).toContain((error as { code?: string }).code)
    }
    check(vm.truth())
    await clock.advance(ms)
    check(vm.truth())
  }
  // Another QEMU mends whatever this one is in.
  vm.restart()
  await clock.advance(60_000)
  const end = vm.truth()
  check(end)
  expect(end).toMatchObject({ isAlive: true, isUp: true, status: 'running' })
  expect(clock.pending).toBe(0)
  return vm.trace
}

test.each(['x86', 'pseries', 's390x'] as const)('%s: whatever happens, the truth agrees with itself', async (kind) => {
  const step = fc.tuple(fc.constantFrom(...Object.keys(acts)), fc.constantFrom(0, 1, 10, 40, 200, 3_000, 10_000))
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(step, { maxLength: 40 }), async (seed, steps) => {
      const trace = await live(kind, seed, steps)
      expect(await live(kind, seed, steps)).toEqual(trace)
    }),
    { numRuns: 40 },
  )
})
