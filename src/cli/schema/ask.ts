import { QgaClient, QmpClient, type DomainOptions, type SocketAddress } from '../../index.ts'
import type { Surroundings } from '../verb.ts'

/** What a client connects to. */
type MonitorTarget = Parameters<typeof QmpClient.connect>[0]

/**
 * Connect a monitor and ask for its schema.
 *
 * @throws what the client rejects with
 */
export async function askMonitor(target: MonitorTarget, surroundings: Surroundings): Promise<unknown> {
  const { io, call } = surroundings
  const connect = io.clients?.qmp ?? ((...args) => QmpClient.connect(...args))
  const client = await connect(target, { ...call(), ...clockOf(surroundings) })
  try {
    // eslint-disable-next-line no-restricted-syntax -- callQmp checks replies that the package uses; this one is unknown until read.ts has checked it
    return await client.unchecked.execute('query-qmp-schema', undefined, call())
  } finally {
    await client.close()
  }
}

/**
 * Connect an agent and ask what commands it has.
 *
 * @throws what the client rejects with
 */
export async function askAgent(target: SocketAddress, surroundings: Surroundings): Promise<unknown> {
  const { io, call } = surroundings
  const connect = io.clients?.qga ?? ((...args) => QgaClient.connect(...args))
  const client = await connect(target, { ...call(), ...clockOf(surroundings) })
  try {
    // eslint-disable-next-line no-restricted-syntax -- callQga drops members of the reply that typegen writes down; unknown until agent.ts has checked it
    return await client.unchecked.execute('guest-info', undefined, call())
  } finally {
    await client.close()
  }
}

/** What `--qmp` or `--via` gives is dialled; the command has no executors of its own. */
export function monitorTarget(qmp: DomainOptions['qmp']): MonitorTarget | undefined {
  return typeof qmp === 'object' && 'execute' in qmp ? undefined : qmp
}

function clockOf({ io }: Surroundings) {
  return io.clock === undefined ? {} : { clock: io.clock }
}
