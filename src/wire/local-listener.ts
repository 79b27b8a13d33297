import { readdir, readFile, readlink } from 'node:fs/promises'

/** A process that holds a listening socket. */
export interface LocalProcess {
  readonly pid: number
  /** Its name, as `/proc/PID/comm` has it. */
  readonly name: string
  /** `stopped`: by SIGSTOP or a terminal; `traced`: by a debugger. */
  readonly state: 'running' | 'stopped' | 'traced'
}

/** What this host's kernel knows of a UNIX socket on which somebody listens. */
export interface LocalListener {
  /** Connections that were accepted and are open. */
  readonly accepted: number
  /** Connections that wait to be accepted. */
  readonly waiting: number
  /** The processes that hold it; none where they belong to somebody else. */
  readonly processes: readonly LocalProcess[]
}

/** Flags and states of `/proc/net/unix` (Linux, net/unix/af_unix.c and include/uapi/linux/net.h). */
const ACCEPTS_CONNECTIONS = 0x1_0000
const STATE = { connecting: '02', connected: '03' } as const

/**
 * Look at a UNIX socket from outside, through `/proc`. Changes nothing and connects to nothing.
 *
 * @param path - as its owner bound it
 * @param proc - where the kernel's view is mounted
 * @returns `undefined` where that cannot be seen: on other systems than Linux, from another network namespace, and where
 *   the path is not that of exactly one listener
 */
export async function lookAtListener(path: string, proc = '/proc'): Promise<LocalListener | undefined> {
  const table = await readOrNothing(`${proc}/net/unix`)
  if (table === undefined) return undefined
  const sockets = table.split('\n').flatMap((line) => parseSocket(line, path))
  const listeners = sockets.filter(({ listens }) => listens)
  const [listener] = listeners
  if (listener === undefined || listeners.length > 1) return undefined
  const count = (state: string): number => sockets.filter((socket) => !socket.listens && socket.state === state).length
  return {
    accepted: count(STATE.connected),
    waiting: count(STATE.connecting),
    processes: await processesWith(`socket:[${listener.inode}]`, proc),
  }
}

interface SocketRow {
  readonly listens: boolean
  readonly state: string
  readonly inode: string
}

/** A line is `Num: RefCount Protocol Flags Type St Inode Path`, in hex but for the inode. */
function parseSocket(line: string, path: string): readonly SocketRow[] {
  const {
    flags = '0',
    state = '',
    inode = '',
    name,
  } = /^\S+ \S+ \S+ (?<flags>[0-9A-F]+) \S+ (?<state>\d\d) +(?<inode>\d+) (?<name>.*)$/.exec(line)?.groups ?? {}
  if (name !== path) return []
  return [{ listens: (Number.parseInt(flags, 16) & ACCEPTS_CONNECTIONS) !== 0, state, inode }]
}

/** Those of the processes that may be looked into. */
async function processesWith(descriptor: string, proc: string): Promise<readonly LocalProcess[]> {
  const pids = (await namesIn(proc)).filter((name) => /^\d+$/.test(name))
  const holders: LocalProcess[] = []
  for (const pid of pids) {
    if (!(await holds(`${proc}/${pid}`, descriptor))) continue
    const process = await readProcess(pid, proc)
    if (process !== undefined) holders.push(process)
  }
  return holders
}

async function holds(process: string, descriptor: string): Promise<boolean> {
  const directory = `${process}/fd`
  const links = await Promise.all(
    (await namesIn(directory)).map((fd) => readlink(`${directory}/${fd}`).catch(unreadable)),
  )
  return links.includes(descriptor)
}

async function readProcess(pid: string, proc: string): Promise<LocalProcess | undefined> {
  // `PID (name) S …`: the name may hold anything, blanks and brackets too.
  const stat = await readOrNothing(`${proc}/${pid}/stat`)
  const { name, state } = /^\d+ \((?<name>.*)\) (?<state>\S)/s.exec(stat ?? '')?.groups ?? {}
  if (name === undefined) return undefined
  return { pid: Number(pid), name, state: state === 'T' ? 'stopped' : state === 't' ? 'traced' : 'running' }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return (await readdir(directory).catch(unreadable)) ?? []
}

/** The text of a file; `undefined` where it cannot be read. */
export async function readOrNothing(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(unreadable)
}

/** What may not be seen, or has gone by now, is not known. */
function unreadable(error: unknown): undefined {
  if (error instanceof Error && 'code' in error) return undefined
  throw error
}
