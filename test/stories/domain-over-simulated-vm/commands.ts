import fc from 'fast-check'
import { ConnectionError, CpuMap, InputError, type SetVcpuStateOptions } from '../../../src/index.ts'
import { Refusal, type Fault } from '../../../src/testing/index.ts'
import type { Bounds, Call, Wish } from './call.ts'
import { acts, idOf } from './acts.ts'
import { faults } from './faults.ts'
import { CallCommand, WorldCommand } from './command.ts'
import type { World } from './world.ts'

const seatIndex = fc.constantFrom(0, 1)
const timeoutMs = fc.constantFrom(5, 40, 300, 2_000, 10_000, 30_000)
const id = fc.nat({ max: 15 })
const waits = fc.constantFrom(0, 1, 3, 10, 40, 200, 1_000, 5_000)
const confidence = fc.constantFrom('exact', 'observed', 'computed', 'assumed')

const options = fc.record({
  timeoutMs,
  guest: fc.boolean(),
  rollback: fc.boolean(),
  rollbackTimeoutMs: fc.option(fc.constantFrom(50, 1_000), { nil: undefined }),
  leastConfidence: confidence,
  stepMs: fc.option(fc.constantFrom(0, 20, 500), { nil: undefined, freq: 6 }),
})
type Options = typeof options extends fc.Arbitrary<infer T> ? T : never

function boundsOf(given: Options): Bounds {
  const { timeoutMs: most, rollback, rollbackTimeoutMs, leastConfidence } = given
  return {
    timeoutMs: most,
    undoMs: rollback ? (rollbackTimeoutMs ?? most) : 0,
    isAssumed: leastConfidence === 'assumed',
  }
}

function optionsOf(world: World, call: Call, given: Options): SetVcpuStateOptions {
  const { stepMs, ...rest } = given
  const wait = (): Promise<void> =>
    new Promise((resolve) => {
      world.clock.after(stepMs ?? 0, resolve)
    })
  return { ...rest, signal: call.controller.signal, ...(stepMs === undefined ? {} : { onStep: wait }) }
}

const setVcpuState = fc.tuple(seatIndex, id, fc.boolean(), options, waits).map(
  ([seat, any, online, given, ms]) =>
    new CallCommand(`setVcpuState(${any}, ${online})`, seat, given, ms, (world, on) => {
      const vcpu = idOf(world, any)
      const wish: Wish = { kind: 'set', ids: world.slotOf(vcpu), online, guest: given.guest }
      return on.begin(wish, boundsOf(given), (call) =>
        on.domain.setVcpuState(vcpu, online, { ...optionsOf(world, call, given), wholeSlot: true }),
      )
    }),
)

const setGuestVcpuState = fc.tuple(seatIndex, id, fc.boolean(), timeoutMs, waits).map(
  ([seat, any, online, most, ms]) =>
    new CallCommand(`setGuestVcpuState(${any}, ${online})`, seat, { timeoutMs: most }, ms, (world, on) => {
      const cpu = idOf(world, any)
      return on.begin({ kind: 'guest-set', id: cpu, online }, { timeoutMs: most, undoMs: 0 }, (call) =>
        on.domain.setGuestVcpuState(cpu, online, { timeoutMs: most, signal: call.controller.signal }),
      )
    }),
)

const setVcpuStates = fc
  .tuple(seatIndex, fc.array(id, { minLength: 1, maxLength: 4 }), fc.boolean(), options, waits)
  .map(
    ([seat, any, online, given, ms]) =>
      new CallCommand(`setVcpuStates(${any.join()}, ${online})`, seat, given, ms, (world, on) => {
        const ids = [...new Set(any.flatMap((one) => world.slotOf(idOf(world, one))))]
        return on.begin({ kind: 'states', ids, online, guest: given.guest }, boundsOf(given), (call) =>
          on.domain.setVcpuStates(CpuMap.from(ids), online, optionsOf(world, call, given)),
        )
      }),
  )

const scale = fc.tuple(seatIndex, fc.integer({ min: 1, max: 16 }), options, waits).map(
  ([seat, any, given, ms]) =>
    new CallCommand(`scale(${any})`, seat, given, ms, (world, on) => {
      const size = world.slots[0]?.length ?? 1
      const count = Math.min(world.slots.length, any) * size
      return on.begin({ kind: 'scale', count, guest: given.guest }, boundsOf(given), (call) =>
        on.domain.scale(count, optionsOf(world, call, given)),
      )
    }),
)

const abort = fc.tuple(fc.nat({ max: 3 }), waits).map(
  ([nth, ms]) =>
    new WorldCommand(`abort(${nth})`, ms, ({ calls, clock }) => {
      const call = calls.filter(({ end }) => end === undefined).at(nth)
      if (call === undefined) return
      call.abortedAtMs ??= clock.now()
      call.controller.abort(new Error('enough'))
    }),
)

const wait = waits.map((ms) => new WorldCommand('wait', ms, () => undefined))

const close = fc.tuple(seatIndex, waits).map(
  ([seat, ms]) =>
    new WorldCommand(`close(${seat})`, ms, ({ seats }) => {
      seats[seat].close()
    }),
)

const guest = fc
  .record({
    onPlug: fc.constantFrom('accept', 'accept', 'accept', 'pretend', 'refuse', 'ignore'),
    onUnplug: fc.constantFrom('remove', 'remove', 'remove', 'refuse', 'ignore'),
    autoOnline: fc.boolean(),
  })
  .map(
    (behaviour) =>
      new WorldCommand(`guest ${JSON.stringify(behaviour)}`, 0, ({ vm }) => {
        Object.assign(vm.guest, behaviour)
      }),
  )

const fault = fc.array(faults, { maxLength: 3 }).map(
  (all: Fault[]) =>
    new WorldCommand(`faults ${JSON.stringify(all)}`, 0, ({ vm }) => {
      vm.faults = all
    }),
)

const act = fc.tuple(fc.constantFrom(...Object.keys(acts)), id, waits).map(
  ([name, any, ms]) =>
    new WorldCommand(`${name}(${any})`, ms, (world) => {
      try {
        acts[name]?.(world, any)
      } catch (error) {
        // What QEMU or the guest refuses to anybody, or has no one to ask.
        const isRefused = error instanceof Refusal || error instanceof InputError || error instanceof ConnectionError
        if (!isRefused) throw error
      }
    }),
)

/**
 * A history: some dozens of commands.
 *
 * @param replayPath - of one that failed
 */
export function histories(replayPath?: string): fc.Arbitrary<Iterable<fc.AsyncCommand<object, World>>> {
  const all = [
    setVcpuState,
    setVcpuState,
    setGuestVcpuState,
    setVcpuStates,
    scale,
    abort,
    wait,
    wait,
    guest,
    fault,
    act,
    act,
    act,
    close,
  ]
  return fc.commands(all, { size: '+1', maxCommands: 40, ...(replayPath === undefined ? {} : { replayPath }) })
}
