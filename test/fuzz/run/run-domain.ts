import { Domain, type DomainOptions } from '../../../src/index.ts'
import { faultOfReading } from '../invariants/reading.ts'
import { faultOfWords } from '../invariants/text.ts'
import type { Operation, Step } from '../plan/operation.ts'
import type { DomainPlan } from '../plan/plan.ts'
import type { Exchange } from '../subject/exchange.ts'
import { Clients } from '../subject/clients.ts'
import { Readers } from '../subject/follow.ts'
import { performanceOf, type DomainUnderTest } from '../subject/perform.ts'
import { act } from './act.ts'
import { Session } from './session.ts'
import type { Verdict } from './verdict.ts'

/** Makes the domain that is tested; in tests of the harness one that is wrong. */
export type Connect = (options: DomainOptions) => Promise<DomainUnderTest>

/** Carry out a plan of calls of a Domain. */
export async function runDomain(
  plan: DomainPlan,
  connect: Connect = (options) => Domain.connect(options),
): Promise<Verdict> {
  const session = new Session(plan)
  const connected = await connectTo(session, plan, connect)
  if (connected !== undefined) {
    const { domain, clients } = connected
    const readers = new Readers()
    for (const step of plan.steps) await takeStep(session, domain, step, readers)
    await session.waitForAll()
    await close(session, domain)
    await clients.close()
    await session.arena.pass(0)
    for (const failure of readers.failures) session.fault(failure)
    if (readers.left > 0) session.fault(`${readers.left} streams have not ended`)
    if (domain.state !== 'closed') session.fault(`closed, the domain is ${domain.state}`)
  }
  return session.end()
}

async function connectTo(session: Session, plan: DomainPlan, connect: Connect): Promise<Connected | undefined> {
  const { actor } = session
  const { connectTimeoutMs: timeoutMs, beginning } = plan
  let connected: Connected | undefined
  // Two connections, each within the time, and those of clients before.
  const mostMs = (plan.endpoint === 'client' ? 4 : 2) * timeoutMs
  const exchange = actor.begin({ name: 'connect', mostMs }, async (signal) => {
    const clients = new Clients(actor, { timeoutMs, signal })
    try {
      const domain = await connect({
        ...(await clients.endpointsOf(plan)),
        reconnect: beginning.reconnect,
        limits: plan.limits,
        timeoutMs,
        signal,
        clock: actor.clock,
        trace: actor.trace,
      })
      connected = { domain, clients }
    } catch (error) {
      await clients.close()
      throw error
    }
  })
  await session.wait(exchange)
  return connected
}

/** A domain, and the clients that it was given. */
interface Connected {
  readonly domain: DomainUnderTest
  readonly clients: Clients
}

async function takeStep(session: Session, domain: DomainUnderTest, step: Step, readers: Readers): Promise<void> {
  const { arena, actor } = session
  const operation = step.do
  switch (operation.op) {
    case 'wait':
      await arena.pass(operation.ms)
      return
    case 'follow':
      readers.follow(domain)
      return
    case 'look':
      session.fault(faultOfWords([domain.state, domain.name, domain.lostBy?.message, String(domain.pendingRemovals())]))
      return
    case 'act':
      act(session, operation)
      return
    case 'close':
      await close(session, domain)
      return
    default: {
      const performance = performanceOf(arena, step)
      if (performance === undefined) return
      const { run, ...options } = performance
      const exchange = actor.begin({ name: operation.op, abortAfterMs: step.abortAfterMs, ...options }, (signal) =>
        run(domain, { signal, timeoutMs: step.timeoutMs }),
      )
      void exchange.over.then(() => {
        judge(session, exchange, operation)
      })
      // The domain loads it in time that is not virtual; loaders answer in order, so it has it when this has.
      if (operation.op === 'doctor') await import('../../../src/domain/doctor/run-checks.ts')
      if (!step.isBeside) await session.wait(exchange)
    }
  }
}

/** Hold what a read has said against what is so. */
function judge(session: Session, exchange: Exchange, operation: Operation): void {
  const { name, end } = exchange
  const say = (fault: string | undefined): void => {
    if (fault !== undefined) session.fault(`${name}: ${fault}`)
  }
  if (!session.arena.faults.hasLied) say(faultOfReading(exchange, operation))
  if (operation.op === 'doctor' && end?.state === 'done') say(faultOfWords(end.value, 'the findings'))
}

async function close(session: Session, domain: DomainUnderTest): Promise<void> {
  const { actor, arena } = session
  const exchange = actor.begin({ name: 'close', mostMs: 0 }, () => {
    const closed = domain.close()
    actor.closedAtMs ??= arena.clock.now()
    return closed
  })
  await session.wait(exchange)
}
