import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CommandError, TimeoutError } from '../../../src/errors/peer-errors.ts'
import type { QmpArguments, QmpExecutor } from '../../../src/qmp/executor.ts'
import { listen, type SocketListener } from '../../../src/wire/listen.ts'

/** How a command goes wrong: QEMU refuses it; its answer is lost, with or without its effect; it is never answered. */
export type Failure = 'refused' | 'lost' | 'lost on its way' | 'never answered'

/** What runs commands as a QEMU that makes monitors, on a real socket, at which it greets. */
export class RuntimeMonitors implements QmpExecutor {
  readonly commands: string[] = []
  /** With their arguments. */
  readonly asked: (readonly [command: string, args: QmpArguments])[] = []
  readonly failures = new Map<string, Failure>()
  /** Mode of the directory of the socket, as it was when the socket was made. */
  directoryMode: number | undefined
  /** The path of the last one. */
  path = ''
  properties: readonly string[] | undefined = ['chardev', 'close-action']
  /** Listen where the client was not sent. */
  isElsewhere = false
  readonly #chardevs = new Map<string, SocketListener>()
  readonly #monitors = new Set<string>()

  /** The ids of all that was made and is there. */
  get left(): readonly string[] {
    return [...this.#chardevs.keys(), ...this.#monitors]
  }

  async execute(command: string, args: QmpArguments = {}): Promise<unknown> {
    this.commands.push(command)
    this.asked.push([command, args])
    const failure = this.failures.get(command)
    if (failure === 'refused') throw new CommandError(command, 'GenericError', 'Permission denied')
    const result = failure === 'lost on its way' ? undefined : await this.#carryOut(command, args)
    if (failure === 'never answered') return new Promise<undefined>(() => undefined)
    if (failure !== undefined) throw new TimeoutError(`${command}: no answer`, { outcome: 'unknown' })
    return result
  }

  async #carryOut(command: string, args: QmpArguments): Promise<unknown> {
    const id = String(args['id'])
    const refuse = (why: string): never => {
      throw new CommandError(command, 'GenericError', why)
    }
    switch (command) {
      case 'qom-list-properties':
        return this.properties?.map((name) => ({ name, type: 'string' })) ?? refuse('Class not found')
      case 'query-version':
        return { qemu: { major: 10, minor: 0, micro: 13 }, package: 'Debian' }
      case 'query-chardev':
        return [...this.#chardevs.keys(), 'serial0'].map((label) => ({ label, filename: 'unix:' }))
      case 'chardev-add':
        return this.#listen(id, pathIn(args))
      case 'object-add':
        return this.#chardevs.has(id) ? void this.#monitors.add(id) : refuse(`chardev "${id}" not found`)
      case 'object-del':
        return this.#monitors.delete(id) ? undefined : refuse(`object '${id}' not found`)
      case 'chardev-remove':
        return this.#remove(id) ? undefined : refuse(`Chardev '${id}' not found`)
      default:
        return refuse('CommandNotFound')
    }
  }

  async #listen(id: string, path: string): Promise<void> {
    this.path = path
    this.directoryMode = (await stat(dirname(path))).mode & 0o777
    const listener = await listen(this.isElsewhere ? `${path}-elsewhere` : path, (socket) => {
      socket.write('{"QMP": {}}\r\n')
      // With close-action=delete it ends with its client.
      socket.once('close', () => {
        this.#monitors.delete(id)
        this.#remove(id)
      })
    })
    this.#chardevs.set(id, listener)
  }

  #remove(id: string): boolean {
    if (this.#monitors.has(id)) return false
    void this.#chardevs.get(id)?.close()
    return this.#chardevs.delete(id)
  }
}

/** As QEMU reads them. */
function pathIn({ backend }: QmpArguments): string {
  return /"path":"([^"]*)"/.exec(JSON.stringify(backend))?.[1] ?? ''
}
