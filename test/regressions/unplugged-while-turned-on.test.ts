// While a vCPU was being turned on in the guest, another client unplugged it and plugged another one, which the guest gave its
// number: CPU 2 was listed as on, and the call said that vCPU 5, which was not there any longer, was done. Seen on a simulated
// VM, by random histories. What must end: a vCPU that is called done after its device has gone.
import { describe, expect, test } from 'vitest'
import { Domain, type OnStep } from '../../src/index.ts'
import { SimulatedVm, VirtualClock, type SimulatedAgentOptions } from '../../src/testing/index.ts'
import { settled } from './support.ts'

const WITHOUT_FILES: SimulatedAgentOptions = { blocked: ['guest-file-open', 'guest-file-read', 'guest-file-close'] }

interface Options {
  /** `pseries` gives the next free number, x86 keeps that of a slot until the next boot. */
  readonly kind?: 'pseries' | 'x86'
  readonly agent?: SimulatedAgentOptions
  readonly own?: 'with events' | 'without events'
}

/** The agent carries out what it is asked at once, and says so half a second later. */
async function start({ kind = 'pseries', agent, own }: Options = {}) {
  const clock = new VirtualClock()
  const vm = new SimulatedVm({
    machine: { kind, threads: 1, bootVcpus: 2, maxcpus: 8 },
    guest: { autoOnline: false },
    clock,
    ...(agent === undefined ? {} : { agent }),
  })
  const qmp = own === undefined ? vm.qmp : vm.qmpExecutor({ events: own === 'with events' })
  const domain = await clock.run(Domain.connect({ qmp, qga: vm.qga, clock }))
  vm.inject({ at: { command: 'guest-set-vcpus' }, do: 'late', ms: 500 })
  return { clock, vm, domain }
}

type Started = Awaited<ReturnType<typeof start>>

function sideOf({ vm }: Started, id: number) {
  return vm.truth().slots.flatMap(({ vcpus }) => vcpus)[id]?.guest
}

/** Plugs vCPU 5, and does something while its CPU is being turned on. */
async function whileTurnedOn(started: Started, act: () => Promise<void>) {
  const { clock, vm, domain } = started
  const end = settled(domain.setVcpuState(5, true, { guest: true, rollback: true }))
  while (sideOf(started, 5)?.online !== true) await clock.advance(1)
  expect(vm.agent?.commands.at(-1)?.command).toBe('guest-set-vcpus')
  await act()
  return clock.run(end)
}

/** Plugs vCPU 5, and does something when the guest has listed it. */
function onceListed({ clock, domain }: Started, act: () => Promise<void>) {
  const onStep: OnStep = ({ step }) => (step === 'listed-in-guest' ? act() : undefined)
  return clock.run(settled(domain.setVcpuState(5, true, { guest: true, rollback: true, onStep })))
}

/** Until something is so; time passes, whoever moves it. */
async function until({ clock }: Started, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await new Promise<void>((resolve) => {
      clock.after(1, resolve)
      void clock.advance(1)
    })
  }
}

async function unplug(started: Started): Promise<void> {
  started.vm.other.unplug(5)
  await until(started, () => started.vm.qemu.board.deviceOf(5) === undefined)
}

/** Another client takes it away and plugs another vCPU, and somebody in the guest turns that on. */
async function replace(started: Started, id = 3): Promise<void> {
  const { vm } = started
  await unplug(started)
  vm.other.plug(id)
  await until(started, () => sideOf(started, id) !== undefined)
  expect(sideOf(started, id)?.logicalId).toBe(2)
  vm.other.guestSet(2, true)
}

const NOT_DONE = {
  state: 'failed',
  error: { name: 'NotConfirmedError', code: 'ERR_NOT_CONFIRMED', outcome: 'unknown' },
}

const setups: readonly (readonly [string, Options])[] = [
  ['an agent that may read files', {}],
  ['an agent that may not', { agent: WITHOUT_FILES }],
  ['an executor with events', { own: 'with events' }],
  ['an executor without events', { own: 'without events' }],
]

describe.each(setups)('with %s', (_, options) => {
  test('another vCPU takes its number', async () => {
    const started = await start(options)
    expect(await onceListed(started, () => replace(started))).toMatchObject(NOT_DONE)
  })

  test('another device takes its slot, and its number', async () => {
    const started = await start({ ...options, kind: 'x86' })
    expect(await whileTurnedOn(started, () => replace(started, 5))).toMatchObject(NOT_DONE)
  })

  test('another vCPU takes the number of one that was plugged before', async () => {
    const started = await start({ ...options, agent: {} })
    const { clock, vm, domain } = started
    await clock.run(domain.setVcpuState(5, true, { guest: true }))
    vm.other.guestSet(2, false)
    expect(await whileTurnedOn(started, () => replace(started))).toMatchObject(NOT_DONE)
  })
})

test('while the connection is down, so that no event tells of it', async () => {
  const started = await start({ kind: 'x86' })
  const end = await whileTurnedOn(started, async () => {
    started.vm.dropMonitor()
    await replace(started, 5)
  })
  expect(end).toMatchObject(NOT_DONE)
})

test('a reset renumbers the CPUs: what is done is the right one', async () => {
  const started = await start({ kind: 'x86' })
  const { clock, vm, domain } = started
  let resets = 0
  const onStep: OnStep = async ({ step }) => {
    if (step !== 'online-in-guest' || resets++ > 0) return
    vm.other.plug(3)
    vm.reset()
    await until(started, () => sideOf(started, 5) !== undefined)
    vm.other.guestSet(3, false)
  }
  const change = await clock.run(domain.setVcpuState(5, true, { guest: true, onStep }))
  expect(String(change.guest?.ids)).toBe('3')
  expect(sideOf(started, 5)).toEqual({ logicalId: 3, online: true })
})

test('nothing is read once more where nothing has happened, and once where another device has gone', async () => {
  const count = async (act: (started: Started) => Promise<void>) => {
    const started = await start({ kind: 'x86' })
    const { vm, clock, domain } = started
    await clock.run(domain.setVcpuState(7, true))
    // What an event hints at, nobody looks at here: no call waits for QEMU, and nobody reads changes().
    const before = vm.qemu.commands.length
    expect(await whileTurnedOn(started, () => act(started))).toMatchObject({ state: 'done' })
    return vm.qemu.commands.length - before
  }
  const usual = await count(() => Promise.resolve())
  const other = await count(async (started) => {
    started.vm.other.unplug(7)
    await until(started, () => started.vm.qemu.board.deviceOf(7) === undefined)
  })
  expect(other - usual).toBe(2)
})
