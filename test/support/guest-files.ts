import { Refusal, type SimulatedAgent } from '../../src/testing/index.ts'

/**
 * Give a guest files of its own: `contentOf` says what a path holds; `undefined`: what the simulation has there; an error is
 * what the agent answers instead.
 */
export function serveFiles(agent: SimulatedAgent, contentOf: (path: string) => string | Refusal | undefined): void {
  const open = new Map<number, { readonly content: Buffer; position: number }>()
  let next = 50_000
  agent.onCommand('guest-file-open', ({ path }, usual) => {
    const content = contentOf(String(path))
    if (content === undefined) return usual()
    if (content instanceof Refusal) throw content
    open.set(++next, { content: Buffer.from(content), position: 0 })
    return next
  })
  agent.onCommand('guest-file-read', ({ handle, count }, usual) => {
    const file = open.get(Number(handle))
    if (file === undefined) return usual()
    const piece = file.content.subarray(file.position, file.position + Number(count))
    file.position += piece.length
    return { count: piece.length, 'buf-b64': piece.toString('base64'), eof: piece.length < Number(count) }
  })
  agent.onCommand('guest-file-close', ({ handle }, usual) => (open.delete(Number(handle)) ? {} : usual()))
}

/** What Linux answers where there is no such file. */
export function noSuchFile(path: string): Refusal {
  return new Refusal(`failed to open file '${path}' (mode: 'r'): No such file or directory`)
}

/** The lines of `/proc/cpuinfo` that count, for CPUs with these APIC ids. */
export function cpuinfoOf(cpus: readonly (readonly [guestId: number, apicId: number])[]): string {
  return cpus
    .map(
      ([id, apicId]) =>
        `processor\t: ${id}\nvendor_id\t: GenuineIntel\napicid\t\t: ${apicId}\ninitial apicid\t: ${apicId}\n\n`,
    )
    .join('')
}
