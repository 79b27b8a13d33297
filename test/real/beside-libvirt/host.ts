import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { allBlocks } from '../../unit/docs/support/blocks.ts'
import { runCommand, type CliRun } from '../../support/run-command.ts'
import { ScriptedLibvirt } from './libvirt.ts'

/** What stands in for virsh in the path: it passes its arguments to the scripted daemon, and prints what that answers. */
const VIRSH = `#!${process.execPath}
const socket = require('net').connect(process.env.SCRIPTED_LIBVIRT)
socket.end(JSON.stringify(process.argv.slice(2)))
require('stream/consumers').json(socket).then(({ stdout, stderr, status }) => {
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  process.exitCode = status
})
`

/** A host on which libvirt runs a VM, and the relay of docs/libvirt-and-proxmox.md. */
export interface LibvirtHost {
  readonly libvirt: ScriptedLibvirt
  /** The program that is its virsh, with its first arguments. */
  readonly virsh: readonly [string, ...string[]]
  /** What `--via` is given. */
  readonly via: (name?: string) => string
  /** Run the command through the relay. */
  readonly run: (...argv: readonly string[]) => Promise<CliRun>
}

/** Let libvirt take the monitor of a VM, and its agent's channel where it has one, until the test ends. */
export async function libvirtHost(qmp: string, qga?: string): Promise<LibvirtHost> {
  const folder = await mkdtemp(join(tmpdir(), 'libvirt-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const libvirt = await ScriptedLibvirt.start(qmp, qga)
  onTestFinished(() => libvirt[Symbol.asyncDispose]())
  const socket = join(folder, 'libvirt.sock')
  const daemon = await listen(libvirt, socket)
  onTestFinished(() => void daemon.close())
  await writeFile(join(folder, 'virsh-relay.mjs'), await relay())
  await writeFile(join(folder, 'virsh'), VIRSH)
  await chmod(join(folder, 'virsh'), 0o755)
  const env = `SCRIPTED_LIBVIRT='${socket}' PATH='${folder}':"$PATH"`
  const via = (name = 'vm1'): string => `${env} exec '${process.execPath}' '${join(folder, 'virsh-relay.mjs')}' ${name}`
  const virsh = ['env', `SCRIPTED_LIBVIRT=${socket}`, join(folder, 'virsh')] as const
  return { libvirt, virsh, via, run: (...argv) => runCommand([...argv, '--via', via()]) }
}

async function relay(): Promise<string> {
  const block = (await allBlocks()).find(({ directive }) => directive === 'relay')
  if (block === undefined) throw new Error('docs/libvirt-and-proxmox.md has no relay')
  return block.text
}

async function listen(libvirt: ScriptedLibvirt, path: string): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    let request = ''
    client.on('data', (data) => (request += String(data)))
    client.once('end', () => {
      void libvirt.virsh(wordsOf(request)).then((answer) => client.end(JSON.stringify(answer)))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(path, resolve)
  })
  return server
}

function wordsOf(request: string): readonly string[] {
  const words: unknown = JSON.parse(request)
  return Array.isArray(words) ? words.map(String) : []
}
