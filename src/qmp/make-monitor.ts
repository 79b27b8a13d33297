import type { Duplex } from 'node:stream'
import { ConnectionError, TimeoutError, type CommandError } from '../errors/peer-errors.ts'
import { isRefusal, isUnsent, onRefusal } from '../errors/refusal.ts'
import { bounded } from '../wire/bounded.ts'
import { Deadline } from '../wire/deadline.ts'
import { randomBits } from '../wire/random-bits.ts'
import { dial } from '../wire/socket.ts'
import { callQmp, type QmpCommandName, type QmpCommands } from './commands.ts'
import type { QmpExecutor } from './executor.ts'
import { socketPlace } from './socket-place.ts'

/** QEMU's type of monitors, and the property that one needs to remove itself. */
const TYPE = 'monitor-qmp'
const CLOSE_ACTION = 'close-action'

/**
 * Make a monitor, connect to it, and remove what it was made with.
 *
 * @throws see {@link openMonitor}
 */
export async function makeMonitor(
  executor: QmpExecutor,
  directory: string | undefined,
  deadline: Deadline,
): Promise<Duplex> {
  await requireRuntimeMonitors(executor, deadline)
  const id = `qemu-vcpu-${randomBits(48).toString(16).padStart(12, '0')}`
  const place = await socketPlace(directory, id)
  let connection: Duplex | undefined
  try {
    connection = await make(executor, id, place.path, deadline)
    return connection
  } finally {
    // Once it is connected nothing needs the socket.
    await place.remove().catch((error: unknown) => {
      connection?.destroy()
      throw error
    })
  }
}

/** @throws {@link ConnectionError} `ERR_NO_RUNTIME_MONITOR` */
async function requireRuntimeMonitors(executor: QmpExecutor, deadline: Deadline): Promise<void> {
  const properties = await run(executor, 'qom-list-properties', { typename: TYPE }, deadline).catch(onRefusal(() => []))
  if (properties.some(({ name }) => name === CLOSE_ACTION)) return
  const { qemu } = await run(executor, 'query-version', undefined, deadline)
  const version = `${qemu.major}.${qemu.minor}.${qemu.micro}`
  throw new ConnectionError(
    'ERR_NO_RUNTIME_MONITOR',
    `QEMU ${version} cannot make a monitor while it runs: it has no ${TYPE} with ${CLOSE_ACTION}, which came with 11.1`,
    { outcome: 'not-sent' },
  )
}

async function make(executor: QmpExecutor, id: string, path: string, deadline: Deadline): Promise<Duplex> {
  let hasBegun = false
  try {
    const addr = { type: 'unix', data: { path } }
    const backend = { type: 'socket', data: { addr, server: true, wait: false } }
    await run(executor, 'chardev-add', { id, backend }, deadline).catch((error: unknown) => {
      hasBegun = !isRefusal(error) && !isUnsent(error)
      throw error
    })
    hasBegun = true
    const monitor = { 'qom-type': TYPE, id, chardev: id, [CLOSE_ACTION]: 'delete' }
    await run(executor, 'object-add', monitor, deadline)
    return await dial(path, deadline.timed())
  } catch (error) {
    const left = hasBegun ? await undo(executor, id, deadline) : undefined
    if (left === undefined) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new ConnectionError('ERR_CONNECT', `cannot open a monitor: ${message}; ${left}`, { cause: error })
  }
}

/**
 * Remove what may have been made, within a bound of its own. What is not there QEMU refuses to remove, so it is asked what is.
 *
 * @returns what is left, in words; `undefined` for nothing
 */
async function undo(executor: QmpExecutor, id: string, { timeoutMs, clock }: Deadline): Promise<string | undefined> {
  const deadline = new Deadline({ timeoutMs }, timeoutMs, clock)
  const refused = onRefusal((refusal: CommandError) => refusal.description)
  try {
    await run(executor, 'object-del', { id }, deadline).catch(refused)
    const why = await run(executor, 'chardev-remove', { id }, deadline).catch(refused)
    if (why === undefined) return undefined
    const devices = await run(executor, 'query-chardev', undefined, deadline)
    return devices.some(({ label }) => label === id) ? `its character device ${id} stays: ${why}` : undefined
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return `whether its character device ${id} stays is not known: ${why}`
  }
}

/** Run a command on an executor that may never settle. */
async function run<C extends QmpCommandName>(
  executor: QmpExecutor,
  command: C,
  args: QmpCommands[C]['arguments'],
  deadline: Deadline,
): Promise<QmpCommands[C]['returns']> {
  const { timeoutMs } = deadline
  deadline.signal?.throwIfAborted()
  return bounded(callQmp(executor, command, args, deadline.options()), {
    ...deadline.timed(),
    onTimeout: () => new TimeoutError(`${command}: no answer within ${timeoutMs} ms`, { outcome: 'unknown' }),
  })
}
