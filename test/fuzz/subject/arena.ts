import type { Duplex } from 'node:stream'
import { memoryPair } from '../../../src/testing/index.ts'
import { Stage } from '../../stories/domain-over-simulated-vm/stage.ts'
import { FaultBook } from '../peer/fault-book.ts'
import { FaultyLink } from '../peer/faulty-link.ts'
import type { LinkFault } from '../plan/fault.ts'
import type { Ground } from '../plan/plan.ts'
import type { Clock } from '../../../src/testing/index.ts'

/** A simulated VM whose true state is known, and faulty connections to it. */
export class Arena extends Stage {
  readonly faults: FaultBook
  /** Every connection that was made. */
  readonly links: FaultyLink[] = []
  /** The client's end of each. */
  readonly ends: Duplex[] = []

  constructor({ beginning, onPlug, onUnplug, faults }: Ground) {
    super(beginning)
    Object.assign(this.vm.guest, { onPlug, onUnplug })
    this.faults = new FaultBook(faults)
  }

  readonly dialMonitor = (): Duplex => this.#dial('qmp', this.vm.qmp())

  readonly dialAgent = (): Duplex => this.#dial('qga', this.vm.qga())

  /** Put a faulty link between a client's connection and the VM. */
  link(link: LinkFault['link'], client: Duplex, peer: Duplex, clock: Clock = this.clock): void {
    this.links.push(new FaultyLink({ link, client, peer, faults: this.faults, clock }))
  }

  /** Nothing goes wrong any more, and the VM ends. */
  end(): void {
    this.faults.end()
    for (const link of this.links) link.close()
    this.vm.kill()
  }

  #dial(link: LinkFault['link'], peer: Duplex): Duplex {
    const [mine, theirs] = memoryPair()
    this.link(link, theirs, peer)
    this.ends.push(mine)
    return mine
  }
}
