import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { guestFacts } from './architectures.ts'
import { isRecord } from './control.ts'
import type { GuestImage } from './image.ts'
import { agentArgument, agentPortName, noAgentArgument, shellPortName } from './init-scripts.ts'
import { KitError } from './kit-error.ts'
import { launch, Machine, socketDirectory, type Launched, type MachineOptions } from './machine.ts'
import { Shell, type ShellResult } from './shell.ts'
import { defer, within } from './wait.ts'

/** A guest to boot. */
export interface GuestOptions extends MachineOptions {
  readonly image: GuestImage
  /** Whether qemu-ga is started, and with which further arguments; none may hold a blank. Default true. */
  readonly agent?: boolean | readonly string[] | undefined
  /** Further words of the kernel's command line. */
  readonly append?: string | undefined
  readonly bootTimeoutMs?: number | undefined
}

const defaultBootTimeoutMs = 120_000
const agentChardev = 'qga'
/** VSERPORT_CHANGE calls a port by its device id, not by its name. */
const agentPortId = portId(agentChardev)

/** A booted Linux in a QEMU. */
export class Guest extends Machine {
  /** The agent's socket, for the client under test; one client at a time. */
  readonly qgaPath: string
  readonly image: GuestImage
  readonly #shell: Shell

  /** @internal Use {@link bootGuest}. */
  constructor(launched: Launched, image: GuestImage, shell: Shell) {
    super(launched)
    this.qgaPath = join(launched.directory, `${agentChardev}.sock`)
    this.image = image
    this.#shell = shell
  }

  /**
   * Runs a script as root in the guest, without the agent. A status other than 0 is a result, not an error.
   *
   * @throws KitError when it has not ended in time (default one minute) or QEMU ends.
   */
  shell(script: string, options: { readonly timeoutMs?: number } = {}): Promise<ShellResult> {
    return this.#shell.run(script, options.timeoutMs)
  }

  /**
   * Resolves when qemu-ga has the port open, which QEMU knows without a word of the agent's own protocol: the agent's
   * socket takes one client, and that is not the kit. bootGuest has waited already; this is for an agent started later.
   *
   * @throws KitError when it is not open in time (default one minute).
   */
  waitForAgent(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    return this.#waitForPort(true, options.timeoutMs)
  }

  /** The opposite: resolves when no process has the agent's port open any more. */
  waitForAgentGone(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    return this.#waitForPort(false, options.timeoutMs)
  }

  async #waitForPort(open: boolean, timeoutMs = defaultBootTimeoutMs): Promise<void> {
    const seen = defer<undefined>()
    const unsubscribe = this.control.subscribe(({ event, data }) => {
      if (event === 'VSERPORT_CHANGE' && data['id'] === agentPortId && data['open'] === open) seen.resolve(undefined)
    })
    try {
      const chardevs = await this.query('query-chardev')
      const now = Array.isArray(chardevs) && chardevs.some((chardev) => isAgentChardev(chardev, open))
      if (!now) await within(seen.promise, timeoutMs, `the agent's port was not ${open ? 'opened' : 'closed'}`)
    } finally {
      unsubscribe()
    }
  }
}

/**
 * Boots a guest. Resolves when its shell answers and, unless told otherwise, its agent listens.
 *
 * @throws KitError when it does not come that far in `bootTimeoutMs`; the message has QEMU's argv, its end, its stderr and
 * the last lines of the console.
 */
export async function bootGuest(options: GuestOptions): Promise<Guest> {
  const { image, bootTimeoutMs = defaultBootTimeoutMs } = options
  const facts = guestFacts[image.arch]
  if (facts.target !== options.qemu.target) {
    throw new KitError(`qemu-system-${options.qemu.target} does not run a guest for ${image.arch}`)
  }
  const directory = await socketDirectory()
  const shell = await Shell.listen(join(directory, 'shell.sock'))
  let guest: Guest
  try {
    guest = new Guest(await launch(directory, options, guestArgs(options, directory)), image, shell)
  } catch (error) {
    shell.close(new KitError('the guest did not start', { cause: error }))
    await rm(directory, { recursive: true, force: true })
    throw error
  }
  void guest.exited.then(({ code, signal }) => {
    shell.close(new KitError(`QEMU ended (exit status ${String(code)}, signal ${String(signal)})`))
  })
  if (options.paused === true) return guest
  try {
    await within(shell.ready, bootTimeoutMs, 'its shell did not answer')
    if (options.agent !== false) await guest.waitForAgent({ timeoutMs: bootTimeoutMs })
    return guest
  } catch (error) {
    await guest.stop()
    throw guest.explain('the guest did not boot', error)
  }
}

function guestArgs(options: GuestOptions, directory: string): string[] {
  const { image, agent = true } = options
  const port = (chardev: string, name: string) => [
    '-device',
    `virtserialport,id=${portId(chardev)},chardev=${chardev},name=${name}`,
  ]
  const words = typeof agent === 'boolean' ? [] : agent.map((word) => `${agentArgument}=${word}`)
  if (agent === false) words.push(noAgentArgument)
  if (options.append !== undefined) words.push(options.append)
  return [
    ...['-kernel', image.kernel, '-initrd', image.initrd, '-append', [image.append, ...words].join(' ')],
    ...['-device', guestFacts[image.arch].serialBus],
    ...['-chardev', `socket,id=${agentChardev},path=${join(directory, `${agentChardev}.sock`)},server=on,wait=off`],
    ...port(agentChardev, agentPortName),
    ...['-chardev', `socket,id=shell,path=${join(directory, 'shell.sock')},server=off`],
    ...port('shell', shellPortName),
  ]
}

function portId(chardev: string): string {
  return `${chardev}-port`
}

function isAgentChardev(chardev: unknown, open: boolean): boolean {
  return isRecord(chardev) && chardev['label'] === agentChardev && chardev['frontend-open'] === open
}
