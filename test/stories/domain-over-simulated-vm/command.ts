import type fc from 'fast-check'
import type { Call } from './call.ts'
import { faultNow } from './invariants/now.ts'
import type { Seat } from './seat.ts'
import type { World } from './world.ts'

/** One command of a history; there is no other model than what really happened. */
type Command = fc.AsyncCommand<object, World>

/** Something happens to the VM, and time passes. */
export class WorldCommand implements Command {
  readonly #name: string
  readonly #ms: number
  readonly #run: (world: World) => void

  constructor(name: string, ms: number, run: (world: World) => void) {
    this.#name = name
    this.#ms = ms
    this.#run = run
  }

  check(): boolean {
    return true
  }

  async run(_: object, world: World): Promise<void> {
    world.log.push(`${world.clock.now()} ms: ${this.#name}`)
    this.#run(world)
    world.history.observe()
    await world.pass(this.#ms)
    const fault = faultNow(world)
    if (fault !== undefined) throw new Error(world.tell(fault))
  }

  toString(): string {
    return this.#ms === 0 ? this.#name : `${this.#name}, ${this.#ms} ms`
  }
}

/** A call of one of the domains. */
export class CallCommand extends WorldCommand {
  constructor(name: string, seat: number, options: object, ms: number, begin: (world: World, seat: Seat) => Call) {
    super(`${'AB'[seat] ?? ''}.${name} ${JSON.stringify(options)}`, ms, (world) => {
      const on = world.seats[seat]
      if (on !== undefined) begin(world, on)
    })
  }
}
