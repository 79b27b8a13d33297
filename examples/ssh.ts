// The monitor of another host's VM, through ssh: what a program reads and writes is the connection.
import { spawn } from 'node:child_process'
import { Duplex, PassThrough } from 'node:stream'
import { Domain, type DomainOptions } from 'qemu-vcpu'

export async function onlineOnHost(host: string, socket: string, options: DomainOptions = {}): Promise<string> {
  // `-T`: no terminal, which would alter bytes; BatchMode: it fails where it would ask for a password.
  const ssh = ['ssh', '-T', '-o', 'BatchMode=yes', host, 'socat', '-', `UNIX-CONNECT:${socket}`]
  await using vm = await Domain.connect({ ...options, qmp: through(ssh) })
  return String(await vm.getVcpuMap())
}

/** An endpoint; the program is started again where the connection is lost. */
export function through([program = '', ...args]: readonly string[]): () => Duplex {
  return () => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    const output = child.stdout.pipe(new PassThrough(), { end: false })
    const stream = Duplex.from({ readable: output, writable: child.stdin })
    let said = ''
    child.stderr.on('data', (text: Buffer) => {
      said = `${said}${String(text)}`.slice(-500)
    })
    child.once('error', (error) => stream.destroy(error))
    // The stream ends when the program has, and not with its output: by then it is known why.
    child.once('close', (status) => {
      if (status === 0) output.end()
      else stream.destroy(new Error(`${program} ended with ${String(status)}: ${said.trim()}`))
    })
    stream.once('close', () => child.kill())
    return stream
  }
}
