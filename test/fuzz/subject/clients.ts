import { QgaClient, QmpClient, type CallOptions, type DomainOptions } from '../../../src/index.ts'
import type { DomainPlan } from '../plan/plan.ts'
import type { Actor } from './actor.ts'

/** Where a domain finds its VM, and the clients that were made for that. */
export class Clients {
  readonly #actor: Actor
  readonly #bounds: CallOptions
  readonly #open: { close(): Promise<void> }[] = []

  constructor(actor: Actor, bounds: CallOptions) {
    this.#actor = actor
    this.#bounds = bounds
  }

  /** The endpoints of a plan. */
  async endpointsOf({ endpoint, hasAgent, limits }: DomainPlan): Promise<Pick<DomainOptions, 'qmp' | 'qga'>> {
    const { stage } = this.#actor
    switch (endpoint) {
      case 'dial':
        return { qmp: stage.dialMonitor, ...(hasAgent ? { qga: stage.dialAgent } : {}) }
      case 'connected':
        return { qmp: stage.dialMonitor(), ...(hasAgent ? { qga: stage.dialAgent() } : {}) }
      case 'client': {
        const { clock, trace } = this.#actor
        const options = { ...this.#bounds, clock, trace }
        const qmp = await QmpClient.connect(stage.dialMonitor, { ...options, limits: limits?.qmp ?? {} })
        this.#open.push(qmp)
        if (!hasAgent) return { qmp }
        const qga = await QgaClient.connect(stage.dialAgent, { ...options, limits: limits?.qga ?? {}, sync: false })
        this.#open.push(qga)
        return { qmp, qga }
      }
    }
  }

  /** Close the clients, which their domain leaves to their owner. */
  async close(): Promise<void> {
    for (const client of this.#open.splice(0)) await client.close()
  }
}
