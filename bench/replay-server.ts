import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RawReplies } from './raw-monitor.ts'

const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 0, "major": 10}, "package": ""}, "capabilities": []}}\r\n'
const COMMAND = /"execute":"([\w-]+)".*"id":(\d+)/
/** How QEMU ends a reply: the id that was given comes last. */
const REPLY_END = / "id": \d+\}\s*$/

/** A monitor that answers at once with what a real one said, so that the client's own cost shows. */
export interface ReplayServer extends AsyncDisposable {
  readonly path: string
}

/** Start one in this process. */
export async function replay([hotpluggable, plugged]: RawReplies): Promise<ReplayServer> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-'))
  const path = join(directory, 'qmp.sock')
  const answers: Readonly<Record<string, Buffer>> = {
    'query-hotpluggable-cpus': withoutId(hotpluggable),
    'query-cpus-fast': withoutId(plugged),
  }
  const nothing = Buffer.from('{"return": {},')
  const clients = new Set<Socket>()
  const server = createServer((client) => {
    clients.add(client)
    client.on('error', () => clients.delete(client))
    client.write(GREETING)
    let rest = ''
    client.on('data', (chunk) => {
      const lines = (rest + chunk.toString('latin1')).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const [, command = '', id = '0'] = COMMAND.exec(line) ?? []
        client.write(answers[command] ?? nothing)
        client.write(` "id": ${id}}\r\n`)
      }
    })
  })
  server.listen(path)
  await once(server, 'listening')
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.destroy()
      server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function withoutId(reply: Buffer): Buffer {
  return Buffer.from(reply.toString('utf8').replace(REPLY_END, ''))
}
