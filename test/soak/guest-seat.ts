import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TimeoutError, type Clock, type Domain } from '../../src/index.ts'
import type { Random } from '../../src/testing/index.ts'
import { carryOut, diedOfReset } from '../real/random/carry-out.ts'
import { Chooser } from '../real/random/choose.ts'
import { kindOf } from '../real/random/step.ts'
import { World } from '../real/random/world.ts'
import { testedQemu } from '../real/support/tested-qemu.ts'
import { chooseRead, perform } from './acts.ts'
import { faultOfError } from './expectations.ts'
import { fenced } from './fence.ts'
import { Relay } from './relay.ts'
import type { Seat, SeatContext } from './seat.ts'
import type { End, Tally } from './tally.ts'

/** What a look at a guest may take on a busy host. */
const READ_MS = 60_000

/**
 * A real guest with two Domains and a raw client: the steps of the random sessions (test/real/random), each followed by what
 * they look at, and by readings, doctors and layouts between them. The monitors are reached through relays, which cut them.
 * A guest whose QEMU has no plugs left in its budget under TCG gives way to another, and so does one whose QEMU ended itself.
 */
export class GuestSeat implements Seat {
  readonly name: string
  readonly paceMs = 50
  readonly #clock: Clock
  readonly #tally: Tally
  readonly #random: Random
  readonly #stop: AbortSignal
  readonly #chooser: Chooser
  #world: World | undefined
  #relays: Relay[] = []
  #directory: string | undefined

  constructor(name: string, { clock, tally, random, stop }: SeatContext) {
    this.name = name
    this.#clock = clock
    this.#tally = tally
    this.#random = random
    this.#stop = stop
    this.#chooser = new Chooser(random.integer(1, 1_000_000_000))
  }

  listeners(): number {
    return 0
  }

  async step(): Promise<void> {
    const world = (this.#world ??= await this.#begin())
    try {
      await this.#carryOut(world)
      await this.#read(world.controllers[this.#random.pick(['A', 'B'] as const)].domain)
    } catch (error) {
      this.#world = undefined
      await this.#afterFailure(world, error)
    }
    if (this.#world?.isSpent === true) await this.close()
  }

  async close(): Promise<void> {
    const world = this.#world
    this.#world = undefined
    await world?.end()
    await this.#closeRelays()
  }

  async #begin(): Promise<World> {
    this.#directory = await mkdtemp(join(tmpdir(), 'vcpu-'))
    this.#tally.happened('boot of a real guest')
    return World.begin(testedQemu, {
      isAlone: false,
      through: async (path) => {
        const place = join(this.#directory ?? '', `relay-${this.#relays.length}.sock`)
        const relay = await Relay.listen(place, () => connect(path))
        this.#relays.push(relay)
        return {
          path: relay.path,
          cut: () => {
            relay.cut()
          },
        }
      },
    })
  }

  async #carryOut(world: World): Promise<void> {
    const step = this.#chooser.next(world)
    const { ended, wrong } = await carryOut(world, step)
    for (const { op, error } of ended) {
      const end: End = error === undefined ? { state: 'done', value: undefined } : { state: 'failed', error }
      this.#tally.ended(`${op.call} on a real guest`, end)
    }
    if (step.with !== undefined) this.#tally.happened(`${step.with.kind} of a real guest`)
    if (wrong.length > 0) this.#tally.foundFalse(this.name, `${kindOf(step)}: ${wrong.join('\n  ')}`)
  }

  /** Between two steps: all is at rest, so that a reading has nothing to fail of. */
  async #read(domain: Domain): Promise<void> {
    const act = chooseRead(this.#random)
    const end = await fenced(this.#clock, act.call, 2 * READ_MS, perform(domain, act, { timeoutMs: READ_MS }))
    this.#tally.ended(`${act.call} on a real guest`, end)
    const fault = end.state === 'failed' ? faultOfError(end.error, 'none') : undefined
    if (fault !== undefined) this.#tally.foundFalse(this.name, `${act.call}: ${fault}`)
  }

  /**
   * The guest is given up. An assertion of QEMU's own (docs/wire-notes.md) is nothing false, but both Domains must say that
   * the VM is gone. Nor is a look after a step that runs out of time: it has the usual ten seconds, which a guest under TCG may
   * need on a host that has none for it. It is counted, since on an idle host there is none.
   *
   * @throws `error` where it is anything else
   */
  async #afterFailure({ guest, controllers }: World, error: unknown): Promise<void> {
    const isItsOwn = diedOfReset(guest.stderr())
    const failures = isItsOwn
      ? await Promise.all(Object.values(controllers).map(({ domain }) => failureOf(domain)))
      : []
    await Promise.all(Object.values(controllers).map((controller) => controller.close()))
    await guest.stop()
    await this.#closeRelays()
    if (error instanceof TimeoutError) this.#tally.happened('look at a real guest that ran out of time')
    else if (!isItsOwn || this.#stop.aborted) throw error
    if (isItsOwn) this.#tally.happened('assertion of QEMU’s own')
    for (const failure of failures) {
      if (failure !== 'ConnectionError') this.#tally.foundFalse(this.name, `QEMU is dead, and a map is ${failure}`)
    }
  }

  async #closeRelays(): Promise<void> {
    await Promise.all(this.#relays.splice(0).map((relay) => relay.close()))
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true })
    this.#directory = undefined
  }
}

async function failureOf(domain: Domain): Promise<string> {
  try {
    return String(await domain.getVcpuMap())
  } catch (error) {
    return error instanceof Error ? error.name : typeof error
  }
}
