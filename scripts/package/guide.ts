import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { blocksOf, type Block } from '../../test/unit/docs/support/blocks.ts'
import { inRepository } from '../formatted-page.ts'

/** The page whose first section is followed. */
const GUIDE = 'docs/guides/embed.md'

/** Where the guide's words are not taken as they are. */
const INSTALLS = 'npm i qemu-vcpu\n'
const PORT = '8080'
/** A fence against a hang, for each block: npm may fetch a compiler in it. */
const FENCE_MS = 300_000

/** What is needed to follow the guide. */
export interface GuideRun {
  /** The Node that its commands find first. */
  readonly node: string
  /** The package, which stands in for the registry's. */
  readonly tarball: string
  /** An empty folder. */
  readonly folder: string
}

/**
 * Follow the guide word for word in an empty folder: write its files, run its commands, and compare what they print with what it shows. Only
 * the package and the port are others.
 *
 * @returns the seconds that it took
 * @throws where a command fails, or prints something else
 */
export async function followGuide({ node, tarball, folder }: GuideRun): Promise<number> {
  const began = performance.now()
  const port = String(await freePort())
  const page = blocksOf(GUIDE, await readFile(inRepository(GUIDE), 'utf8'))
  const blocks = page.filter(({ section }) => section === 1)
  if (!blocks.some(({ text }) => `${text}\n`.includes(INSTALLS)))
    throw new Error(`${GUIDE} does not install the package`)
  const left: ChildProcess[] = []
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}`, ...NPM }
  let printed = ''
  try {
    for (const block of blocks) {
      const text = `${block.text}\n`.replace(INSTALLS, `npm i '${tarball}'\n`).replaceAll(PORT, port)
      const [, file] = /^file: (.*)$/.exec(block.directive ?? '') ?? []
      if (file !== undefined) {
        await mkdir(dirname(join(folder, file)), { recursive: true })
        await writeFile(join(folder, file), text)
      } else if (block.directive === 'prints') {
        if (printed !== text) throw new Error(`${at(block)}: it printed\n${printed}`)
      } else if (block.language === 'sh') {
        const child = start(text, folder, env)
        if (block.directive === 'goes on') left.push(child)
        printed = await outputOf(child, block, block.directive === 'goes on')
      } else throw new Error(`${at(block)}: what is to be done with it?`)
    }
  } finally {
    for (const child of left.reverse()) await end(child)
  }
  return (performance.now() - began) / 1_000
}

/** What npm has fetched before it does not fetch again, and it talks about the packages that it was asked for alone. */
const NPM = {
  npm_config_prefer_offline: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
}

const at = ({ page, line }: Block): string => `${page}:${line}`

/** A shell in a process group of its own, so that what it has started ends with it. */
function start(script: string, cwd: string, env: NodeJS.ProcessEnv): ChildProcess {
  return spawn('sh', ['-ec', script], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
}

/**
 * What a shell prints until it ends, or until the first line of one that goes on.
 *
 * @throws where it fails, or nothing of that happens in time
 */
async function outputOf(child: ChildProcess, block: Block, goesOn: boolean): Promise<string> {
  let [stdout, stderr] = ['', '']
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  const fence = AbortSignal.timeout(FENCE_MS)
  const lines = new Promise<void>((resolve) => {
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk
      if (goesOn && stdout.includes('\n')) resolve()
    })
  })
  try {
    const ended = once(child, 'close', { signal: fence }) as Promise<[code: number | null]>
    // A shell that is ended later has said what it had to.
    ended.catch(() => undefined)
    const code = await Promise.race([lines, ended.then(([status]) => status)])
    if (goesOn ? code === undefined : code === 0) return stdout
    throw new Error(`${at(block)} ended with status ${String(code)}:\n${stdout}${stderr}`)
  } catch (error) {
    await end(child)
    throw error
  }
}

/** End a shell and what it has started; a VM or a daemon that does not obey is killed. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  process.kill(-child.pid, 'SIGTERM')
  const kill = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }, 10_000)
  await ended
  clearTimeout(kill)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
