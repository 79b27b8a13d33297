import type { Conversation } from './conversation.ts'
import { isRecord, type PeerMessage } from './conversation.ts'
import { isByChance, normalised } from './normalise.ts'
import { command, type Sequence, type Step } from './sequence.ts'

/** What a peer answered to one sequence. */
export interface Heard {
  /** Step by step. */
  readonly replies: readonly (readonly unknown[])[]
  /** In their order; which step they came in is a matter of time. */
  readonly events: readonly unknown[]
}

/** How a peer is asked whether it has taken all that came before. */
interface Barrier {
  readonly line: (id: string) => string
}

const MONITOR: Barrier = { line: (id) => command('query-version', undefined, { id }) }
const AGENT: Barrier = { line: (id) => command('guest-ping', undefined, { id }) }

/** Speak a sequence to a monitor, its greeting included, and to the agent where steps want it. */
export async function playMonitor(monitor: Conversation, { steps }: Sequence, agent?: Conversation): Promise<Heard> {
  const greeting = await monitor.readUntil((message) => isRecord(message) && 'QMP' in message)
  const events: PeerMessage[] = []
  const ears = { monitor: earOf(monitor, MONITOR, events), agent: agent && earOf(agent, AGENT, events) }
  const replies: (readonly unknown[])[] = [greeting.map(normalised)]
  for (const step of steps) replies.push(...(await take(step, ears.monitor, ears.agent, events)))
  // Only a guest's removals come by chance; without one all events are counted.
  const counted = agent === undefined ? events : events.filter((event) => !isByChance(event))
  return { replies, events: counted.map(normalised) }
}

/** Speak a sequence to an agent. */
export async function playAgent(agent: Conversation, { steps }: Sequence): Promise<Heard> {
  const events: PeerMessage[] = []
  const ear = earOf(agent, AGENT, events)
  const replies: (readonly unknown[])[] = []
  for (const step of steps) replies.push(...(await take(step, ear, ear, events)))
  return { replies, events: events.map(normalised) }
}

/** One of the peers, as it is listened to. */
interface Ear {
  readonly conversation: Conversation
  /** What comes until it has answered a question of ours; events are kept apart. */
  readonly hear: (line?: (id: string) => string, isQuiet?: boolean) => Promise<readonly PeerMessage[]>
}

function earOf(conversation: Conversation, barrier: Barrier, events: PeerMessage[]): Ear {
  let asked = 0
  return {
    conversation,
    hear: async (line = barrier.line, isQuiet = false) => {
      const id = `barrier ${asked++}`
      conversation.send(`${line(id)}\n`)
      const isAnswer = (message: PeerMessage): boolean => isRecord(message) && message['id'] === id
      const read = await conversation.readUntil(isAnswer)
      events.push(...read.filter(isEvent))
      return read.filter((message) => !isEvent(message) && (isQuiet || !isAnswer(message)))
    },
  }
}

async function take(
  step: Step,
  main: Ear,
  agent: Ear | undefined,
  events: PeerMessage[],
): Promise<readonly (readonly unknown[])[]> {
  if (typeof step === 'string') return [await say(main, step)]
  if ('last' in step) {
    main.conversation.send(`${step.last}\n`)
    const read = await main.conversation.readUntil(() => false)
    events.push(...read.filter(isEvent))
    return [read.filter((message) => !isEvent(message)).map(normalised)]
  }
  if ('agent' in step) {
    if (agent === undefined) throw new Error('this sequence speaks to an agent, and there is none')
    return [await say(agent, step.agent)]
  }
  if ('event' in step) await waitForEvent(step, events, main)
  else await waitForState(step, 'listed' in step ? agent : main)
  return []
}

async function say({ conversation, hear }: Ear, line: string): Promise<readonly unknown[]> {
  conversation.send(Buffer.from(`${line}\n`, 'latin1'))
  return (await hear()).map(normalised)
}

/** Looks again as often as it takes; the fence is the conversation's and the test's. */
async function waitForEvent(
  { event, times = 1 }: { readonly event: string; readonly times?: number },
  events: readonly PeerMessage[],
  { hear }: Ear,
): Promise<void> {
  const count = (): number => events.filter((message) => isRecord(message) && message['event'] === event).length
  while (count() < times) if (isOver(await hear())) return
}

async function waitForState(
  step: { readonly plugged: readonly number[] } | { readonly listed: number },
  ear: Ear | undefined,
): Promise<void> {
  if (ear === undefined) throw new Error('this sequence waits for a guest, and there is none')
  const execute = 'plugged' in step ? 'query-cpus-fast' : 'guest-get-vcpus'
  for (;;) {
    const messages = await ear.hear((id) => command(execute, undefined, { id }), true)
    if (isOver(messages)) return
    const reply = messages.find((message) => isRecord(message) && Array.isArray(message['return']))
    const list: unknown = isRecord(reply) ? reply['return'] : undefined
    if (!Array.isArray(list)) continue
    if ('listed' in step ? list.length === step.listed : isPlugged(list, step.plugged)) return
  }
}

function isPlugged(cpus: readonly unknown[], wanted: readonly number[]): boolean {
  const ids = cpus.map((cpu) => (isRecord(cpu) ? cpu['cpu-index'] : undefined))
  return ids.length === wanted.length && wanted.every((id) => ids.includes(id))
}

/** Has the peer left, or fallen silent? */
function isOver(messages: readonly PeerMessage[]): boolean {
  return messages.some((message) => typeof message === 'string' && message.startsWith('('))
}

function isEvent(message: PeerMessage): boolean {
  return isRecord(message) && typeof message['event'] === 'string'
}
