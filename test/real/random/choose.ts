import { Random } from '../../../src/testing/random.ts'
import type { Disturbance, Op, Step } from './step.ts'
import { MAX_VCPUS, type World } from './world.ts'

/** Running more at once only makes two host cores slower. */
const MOST_PLUGGED = 6
/** What a call may take that a stopped QEMU or guest cannot answer. */
const SHORT_MS = [60, 150, 400] as const
/** What a call may take while the guest boots or an agent is killed: some end before that is over, some after. */
const MEDIUM_MS = [800, 2_500, 8_000] as const

type Bounds = Pick<Extract<Op, { call: 'set' }>, 'timeoutMs' | 'abortAfterLines'>

/** Chooses the next step from the state that the VM is in. The same seed and the same states give the same steps. */
export class Chooser {
  readonly #random: Random

  constructor(seed: number) {
    this.#random = new Random(seed)
  }

  next(world: World): Step {
    const at = this.#random.integer(1, 100)
    const afterLines = this.#random.integer(0, 9)
    if (at <= 34) return { ops: [this.#op(world, this.#domain(), {})] }
    if (at <= 44) return { ops: [this.#op(world, this.#domain(), { abortAfterLines: this.#random.integer(0, 9) })] }
    if (at <= 52) return { ops: [this.#op(world, this.#domain(), { timeoutMs: this.#random.integer(1, 250) })] }
    if (at <= 60) return { ops: [this.#raw(world)] }
    if (at <= 78) return { ops: this.#race(world) }
    if (at <= 84) return this.#struck(world, { kind: 'cut', of: this.#domain(), afterLines }, MEDIUM_MS)
    if (at <= 88) return this.#struck(world, { kind: 'freeze', afterLines }, SHORT_MS)
    if (at <= 92) return this.#struck(world, { kind: 'pause', reset: this.#random.integer(0, 2) === 0 }, SHORT_MS)
    if (at <= 95) return this.#struck(world, { kind: 'kill-agent', of: this.#domain(), afterLines }, MEDIUM_MS)
    if (at <= 98) return this.#struck(world, { kind: 'reset', afterLines }, MEDIUM_MS)
    return this.#failing(world)
  }

  #domain(): 'A' | 'B' {
    return this.#random.pick(['A', 'B'])
  }

  #coin(): boolean {
    return this.#random.integer(0, 1) === 1
  }

  #op(world: World, by: 'A' | 'B', bounds: Bounds): Op {
    const at = this.#random.integer(1, 20)
    const guest = this.#coin()
    const rollback = guest && this.#coin()
    if (at <= 11) return { by, call: 'set', ...this.#change(world), guest, rollback, ...bounds }
    if (at <= 15) return this.#guestSet(world, by, bounds)
    if (at <= 18) return { by, call: 'scale', count: this.#random.integer(1, MOST_PLUGGED), guest, rollback, ...bounds }
    const { id, on } = this.#change(world)
    const second = this.#change(world)
    const ids = second.on === on && second.id !== id ? `${id},${second.id}` : String(id)
    return { by, call: 'states', ids, on, guest, rollback, ...bounds }
  }

  /** Any vCPU, also one that is so already, and at times vCPU 0. */
  #change({ truth }: World): { id: number; on: boolean } {
    const plugged = [...truth.keys()]
    const on = plugged.length <= 1 || (plugged.length < MOST_PLUGGED && this.#coin())
    const isSoAlready = this.#random.integer(1, 12) === 1
    const others = plugged.filter((id) => id !== 0)
    if (!on && !isSoAlready) return { id: this.#random.pick(others) ?? 0, on }
    if (on && isSoAlready) return { id: this.#random.pick(plugged) ?? 0, on }
    const free = this.#random.integer(1, MAX_VCPUS - 1)
    return { id: on && truth.has(free) ? (free % (MAX_VCPUS - 1)) + 1 : on ? free : this.#random.pick([0, free]), on }
  }

  #guestSet({ truth }: World, by: 'A' | 'B', bounds: Bounds): Op {
    const cpus = [...truth.values()].flatMap(({ guest }) => (guest === undefined ? [] : [guest]))
    const cpu = this.#random.pick(cpus.slice(cpus.length > 1 ? 1 : 0)) ?? { id: 0, online: true }
    const on = this.#random.integer(1, 12) === 1 ? cpu.online : !cpu.online
    return { by, call: 'guest-set', guestId: cpu.id, on, ...bounds }
  }

  #raw(world: World): Op {
    const { id, on } = this.#change(world)
    return { by: 'raw', call: on ? 'device_add' : 'device_del', id }
  }

  /** Two or three clients at once, half of the time about the same vCPU. */
  #race(world: World): Op[] {
    const [first, second] = [this.#op(world, 'A', {}), this.#op(world, 'B', {})]
    const isSame = first.call === 'set' && this.#coin()
    const both = isSame ? [first, { ...first, by: 'B', guest: this.#coin() } as const] : [first, second]
    if (this.#coin()) return both
    const raw = this.#raw(world)
    const isAboutTheSame = first.call === 'set' && this.#coin()
    const third: Op = isAboutTheSame ? { by: 'raw', call: first.on ? 'device_add' : 'device_del', id: first.id } : raw
    return this.#coin() ? [...both, third] : [third, first]
  }

  #struck(world: World, disturbance: Disturbance, timeouts: readonly number[]): Step {
    const timeoutMs = this.#random.pick(timeouts)
    const bounds: Bounds = timeoutMs === undefined ? {} : { timeoutMs }
    const ops = [this.#op(world, this.#domain(), bounds)]
    const [first] = ops
    if (first !== undefined && this.#random.integer(1, 4) === 1) {
      ops.push(this.#op(world, first.by === 'A' ? 'B' : 'A', bounds))
    }
    return { ops, with: disturbance }
  }

  /** An unplug that the guest refuses, or a turning off that its kernel does. */
  #failing(world: World): Step {
    const ids = [...world.truth].filter(([id, { guest }]) => id !== 0 && guest?.online === true).map(([id]) => id)
    const id = this.#random.pick(ids)
    if (id === undefined) return { ops: [this.#raw(world)] }
    const guest = this.#coin()
    return {
      ops: [{ by: this.#domain(), call: 'set', id, on: false, guest, rollback: guest && this.#coin() }],
      with: { kind: 'busy-guest' },
    }
  }
}
