import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import type { Setup } from './setup.ts'
import type { Replies } from './instant.ts'

/** The two queries that every map is computed from. */
const QUERIES = ['query-hotpluggable-cpus', 'query-cpus-fast']

/** What a q35 with so many slots answers, by the simulation, which was compared with real ones. */
export async function machineReplies({ installed }: Setup, slots: number, plugged: number): Promise<Replies> {
  const machine = { kind: 'x86', bootVcpus: plugged, maxcpus: slots } as const
  await using qemu = new installed.testing.SimulatedQemu(machine)
  const stream = qemu.connect()
  const lines = linesOf(stream)
  await lines()
  const ask = async (execute: string): Promise<string> => {
    stream.write(`${JSON.stringify({ execute })}\n`)
    return lines()
  }
  await ask('qmp_capabilities')
  const replies: Record<string, string> = {}
  for (const query of QUERIES) {
    const reply = JSON.parse(await ask(query)) as { readonly return: unknown }
    replies[query] = spaced(reply.return)
  }
  stream.destroy()
  return replies
}

/** As QEMU writes JSON: a blank after each colon and comma. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([name, each]) => `${JSON.stringify(name)}: ${spaced(each)}`)
    .join(', ')}}`
}

/** Of a machine with so many slots that the one reply is about as long. */
export async function replyOfBytes(setup: Setup, bytes: number): Promise<Replies> {
  const { 'query-hotpluggable-cpus': some = '' } = await machineReplies(setup, 240, 2)
  const slots = JSON.parse(some) as unknown[]
  const many = Array.from(
    { length: Math.ceil((bytes / some.length) * slots.length) },
    (_, at) => slots[at % slots.length],
  )
  return { 'query-hotpluggable-cpus': spaced(many) }
}

function linesOf(stream: Duplex): () => Promise<string> {
  let text = ''
  const whole: string[] = []
  stream.on('data', (chunk: Buffer) => {
    const lines = (text + chunk.toString('utf8')).split('\n')
    text = lines.pop() ?? ''
    whole.push(...lines)
  })
  return async () => {
    while (whole.length === 0) await once(stream, 'data')
    return whole.shift() ?? ''
  }
}
