import { CommandError, QgaClient, QmpClient, VcpuError, type CallOptions } from '../../../src/index.ts'
import { readCommand } from '../peer/message.ts'
import type { Execute } from '../plan/operation.ts'
import type { ClientPlan } from '../plan/plan.ts'
import type { Exchange } from '../subject/exchange.ts'
import { Session } from './session.ts'
import type { Verdict } from './verdict.ts'

/** A client of either protocol. */
interface Client {
  execute(command: string, args?: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<unknown>
  close(): Promise<void>
}

/** Carry out a plan of commands on a client of one protocol. */
export async function runClient(plan: ClientPlan): Promise<Verdict> {
  const session = new Session(plan)
  const { actor, arena } = session
  let client: Client | undefined
  const connecting = actor.begin({ name: 'connect', mostMs: plan.connectTimeoutMs }, async (signal) => {
    client = await connect(session, plan, signal)
  })
  await session.wait(connecting)
  if (client !== undefined) {
    const connected = client
    for (const execute of plan.executes) await send(session, connected, execute)
    await session.waitForAll()
    const closing = actor.begin({ name: 'close', mostMs: 0 }, () => {
      const closed = connected.close()
      actor.closedAtMs = arena.clock.now()
      return closed
    })
    await session.wait(closing)
  }
  return session.end()
}

async function connect(session: Session, plan: ClientPlan, signal: AbortSignal): Promise<Client> {
  const { actor, arena } = session
  const { subject, connectTimeoutMs: timeoutMs, oob } = plan
  const { limits } = plan
  const bounds = { timeoutMs, signal, clock: actor.clock, trace: actor.rawTrace }
  const options = limits === undefined ? bounds : { ...bounds, limits }
  if (subject === 'agent') return QgaClient.connect(arena.dialAgent, options)
  const client = await QmpClient.connect(arena.dialMonitor, { ...options, oob })
  // A reader that leaves what it reads unread.
  client.events({ capacity: 8 })
  return client
}

async function send(session: Session, client: Client, execute: Execute): Promise<void> {
  const { command, arguments: args, timeoutMs, abortAfterMs, isBeside } = execute
  const { actor } = session
  let sent: number | undefined
  const exchange = actor.begin({ name: `execute ${kindOf(command)}`, mostMs: timeoutMs, abortAfterMs }, (signal) =>
    actor.noting(
      (line, number) => {
        // A sync may go before it.
        if (readCommand(line)?.command === command) sent = number
      },
      () => client.execute(command, args, { signal, timeoutMs }),
    ),
  )
  void exchange.over.then(() => {
    const fault = faultOfAnswer(session, exchange, sent)
    if (fault !== undefined) session.fault(`${exchange.name}: ${fault}`)
  })
  if (!isBeside) await session.wait(exchange)
}

/**
 * What the client says of a command, against what the peer did with it.
 *
 * @param sent - the number of its line on the connection; `undefined` where it was not sent
 */
function faultOfAnswer({ arena }: Session, { end }: Exchange, sent: number | undefined): string | undefined {
  const answer = sent === undefined ? undefined : arena.links.at(-1)?.answers.get(sent)
  const isThere = answer !== undefined
  const error = end?.state === 'failed' ? end.error : undefined
  if (error instanceof VcpuError && error.outcome === 'not-sent' && isThere)
    return 'it is not-sent, and the peer has it'
  if (arena.faults.hasLied) return undefined
  if (end?.state === 'done' && answer !== 'return') return `it resolved, and the peer answered ${String(answer)}`
  if (error instanceof CommandError && error.outcome === 'rejected' && answer !== 'error') {
    return `it is rejected, and the peer answered ${String(answer)}`
  }
  return undefined
}

function kindOf(command: string): string {
  return /^[\w-]+$/.test(command) ? command : 'any'
}
