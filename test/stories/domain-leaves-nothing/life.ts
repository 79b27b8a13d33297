import { CpuMap, type CallOptions, type Domain } from '../../../src/index.ts'
import type { SimulatedAgent, SimulatedQemu } from '../../../src/testing/index.ts'

/** A simulated QEMU with its agent, and a domain connected to them. */
export interface Peers {
  readonly qemu: SimulatedQemu
  readonly agent: SimulatedAgent
  readonly domain: Domain
}

/** Operations of one round of a domain's life. */
export const OPERATIONS_A_ROUND = 13

/** One round: every kind of call, those that end well and those that do not, under one signal. */
export async function liveOneRound({ qemu, agent, domain }: Peers, { signal }: CallOptions): Promise<void> {
  const abort = new AbortController()
  const stream = domain.changes()
  await domain.getVcpuMaps({ signal })
  await domain.vcpus({ signal })
  await domain.setVcpuState(5, true, { signal, guest: true })
  await domain.setVcpuState(5, false, { signal, guest: true })
  await domain.setGuestVcpuState(1, false, { signal })
  await domain.setGuestVcpuState(1, true, { signal })
  for await (const { type } of domain.scale(4, { signal })) if (type === 'done') break
  await domain.scale(4, { signal })
  await domain.setVcpuStates(CpuMap.parse('2-3'), false, { signal })
  await domain.setVcpuState(0, false, { signal }).catch(expected)
  qemu.guest.onUnplug = 'refuse'
  await domain.setVcpuState(1, false, { signal }).catch(expected)
  qemu.guest.onUnplug = 'remove'
  const refused = domain.setVcpuState(6, true, { signal: abort.signal })
  abort.abort()
  await refused.catch(expected)
  await Promise.allSettled([domain.setVcpuState(7, true, { signal }), domain.setVcpuState(7, true, { signal })])
  await domain.setVcpuState(7, false, { signal })
  await stream.return()
  // What the simulated peers write down is not the domain's.
  forget(qemu.commands)
  forget(agent.commands)
}

function forget(list: readonly unknown[]): void {
  ;(list as unknown[]).length = 0
}

/** An outcome of this package; anything else fails the test. */
export function expected(error: unknown): void {
  if (!(error instanceof Error) || !('outcome' in error)) throw error
}
