import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Guest, QemuVersion } from '../../../packages/guest-kit/src/index.ts'
import { trueDevices } from '../../oracle/vcpus.ts'
import { boot } from '../support/boot.ts'
import { eventually } from '../support/eventually.ts'
import { Controller, type Reach } from './controller.ts'
import { Leftovers } from './leftovers.ts'
import { slotsOf, type RawSlot } from './raw-client.ts'
import { readTruth, type Truth } from './truth.ts'
import { refusedIndex } from './wire-log.ts'

export const MAX_VCPUS = 200
const BOOT_VCPUS = 2
/** TCG takes so many plugs in QEMU's life; one step of several calls must fit into what is kept in hand. */
const PLUG_BUDGET = MAX_VCPUS - BOOT_VCPUS - 16
const SECOND_PORT = 'org.qemu.guest_agent.1'
const SECOND_AGENT = `
  wait-port ${SECOND_PORT}
  mkdir -p /run/second
  qemu-ga --method=virtio-serial --path=/dev/virtio-ports/${SECOND_PORT} --statedir=/run/second \\
    --logfile=/run/second/log > /dev/null 2>&1 &
  echo $! > /run/second/pid`

/** What else is there, beside the guest. */
export interface Surroundings {
  /** `false`: other things of the process come and go, so that what a Domain leaves behind cannot be told from them. */
  readonly isAlone?: boolean
  /** Puts something between a Domain and its monitor at this path; it is its maker's to close. */
  readonly through?: (path: string) => Promise<{ readonly path: string; readonly cut: () => void }>
}

/** A guest with two monitors and two agents, two Domains on them, and what is known of it without either Domain. */
export class World {
  readonly guest: Guest
  readonly slots: readonly RawSlot[]
  readonly controllers: Readonly<Record<'A' | 'B', Controller>>
  /** As it was after the latest step. */
  truth: Truth
  /** Devices that QEMU was asked to remove, by any client: they may go at any time, or at the guest's next scan. */
  readonly asked = new Set<string>()
  /** Those among them that a guest which is up was asked for: they go, or the guest refuses. */
  readonly heard = new Set<string>()
  isUp = true
  rawPlugs = 0
  /** vCPUs whose unplug the guest has refused since the last look. */
  readonly #refused = new Set<number>()
  readonly #directory: string
  readonly #leftovers: Leftovers | undefined

  private constructor(
    guest: Guest,
    slots: readonly RawSlot[],
    controllers: Readonly<Record<'A' | 'B', Controller>>,
    truth: Truth,
    directory: string,
    leftovers: Leftovers | undefined,
  ) {
    this.guest = guest
    this.slots = slots
    this.controllers = controllers
    this.truth = truth
    this.#directory = directory
    this.#leftovers = leftovers
    guest.subscribe(({ event, data }) => {
      if (event === 'RESET') this.heard.clear()
      const refused = event === 'ACPI_DEVICE_OST' ? refusedIndex(data) : undefined
      if (refused !== undefined) this.#refused.add(refused)
    })
    for (const { log } of Object.values(controllers)) {
      log.onRemoval = (target) => {
        this.noteAsked(target)
      }
    }
  }

  /** @param qemuVersion - the everyday one, or what the environment names, where it is `undefined` */
  static async begin(qemuVersion: QemuVersion | undefined, surroundings: Surroundings = {}): Promise<World> {
    const { isAlone = true, through } = surroundings
    const directory = await mkdtemp(join(tmpdir(), 'vcpu-'))
    const socket = (id: string): string => join(directory, `${id}.sock`)
    const guest = await boot({
      ...(qemuVersion === undefined ? {} : { qemuVersion }),
      smp: `${BOOT_VCPUS},maxcpus=${MAX_VCPUS}`,
      memoryMb: 512,
      // On a host that is too busy for the timer interrupts of a boot under TCG the kernel would panic over them.
      append: 'no_timer_check',
      extraArgs: [
        ...['-chardev', `socket,id=second-qmp,path=${socket('qmp')},server=on,wait=off`],
        ...['-mon', 'chardev=second-qmp,mode=control'],
        ...['-chardev', `socket,id=second-qga,path=${socket('qga')},server=on,wait=off`],
        ...['-device', 'virtio-serial-pci,id=second-bus'],
        ...['-device', `virtserialport,bus=second-bus.0,chardev=second-qga,name=${SECOND_PORT}`],
      ],
    })
    await startSecondAgent(guest)
    const slots = await slotsOf(guest)
    const truth = await readTruth(guest)
    const leftovers = isAlone ? new Leftovers() : undefined
    const monitorOf = async (path: string): Promise<Pick<Reach, 'qmp' | 'cut'>> => {
      const relay = await through?.(path)
      return relay === undefined ? { qmp: path } : { qmp: relay.path, cut: relay.cut }
    }
    const indexOf = (target: string): number | undefined => indexIn(world?.truth ?? truth, target)
    let world: World | undefined = undefined
    const controllers = {
      A: await Controller.connect(
        { name: 'A', ...(await monitorOf(guest.qmpPath)), qga: guest.qgaPath, reconnect: 'on-demand' },
        indexOf,
      ),
      B: await Controller.connect(
        { name: 'B', ...(await monitorOf(socket('qmp'))), qga: socket('qga'), reconnect: 'eager' },
        indexOf,
      ),
    }
    world = new World(guest, slots, controllers, truth, directory, leftovers)
    return world
  }

  get isSpent(): boolean {
    return this.plugs > PLUG_BUDGET
  }

  get plugs(): number {
    return this.controllers.A.log.plugs + this.controllers.B.log.plugs + this.rawPlugs
  }

  /** QEMU was asked to remove a device. */
  noteAsked(target: string): void {
    const path = pathOf(target)
    this.asked.add(path)
    if (this.isUp) this.heard.add(path)
  }

  /**
   * Wait for what must happen by itself now that the guest is up: each removal that it was asked for ends, and it lists
   * every vCPU.
   */
  async settle(): Promise<void> {
    await eventually('each removal that the guest was asked for has ended', async () => {
      const devices = await trueDevices(this.guest)
      for (const { index, path } of devices) {
        if (!this.#refused.has(index)) continue
        this.asked.delete(path)
        this.heard.delete(path)
      }
      const there = new Set(devices.map(({ path }) => path))
      for (const set of [this.asked, this.heard]) for (const path of set) if (!there.has(path)) set.delete(path)
      return this.heard.size === 0
    })
    this.#refused.clear()
    await eventually('the guest lists every vCPU', async () =>
      [...(await readTruth(this.guest)).values()].every(({ guest }) => guest !== undefined),
    )
  }

  /** Start the second agent, which the guest's init does not know. */
  async afterBoot(): Promise<void> {
    await startSecondAgent(this.guest)
    this.isUp = true
  }

  async restartAgent(of: 'A' | 'B'): Promise<void> {
    if (of === 'A') {
      await this.guest.shell('kill -KILL $(cat /run/qemu-ga.pid)')
      await this.guest.waitForAgentGone()
      await this.guest.shell('start-agent > /dev/null 2>&1 &')
      await this.guest.waitForAgent()
    } else {
      await this.guest.shell('kill -KILL $(cat /run/second/pid)')
      await eventually('the second agent has gone', async () => !(await isSecondOpen(this.guest)))
      await startSecondAgent(this.guest)
    }
  }

  /**
   * Close both Domains, then stop the guest.
   *
   * @throws what the Domains left behind
   */
  async end(): Promise<void> {
    try {
      await this.#close()
      await this.#leftovers?.expectNone()
    } finally {
      await this.leave()
    }
  }

  /** Close and stop all, whatever has failed; also what is closed or has ended already. */
  async leave(): Promise<void> {
    await this.#close()
    await this.guest.stop()
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #close(): Promise<void> {
    await this.controllers.A.close()
    await this.controllers.B.close()
  }
}

/** The QOM path that `device_del` takes for an id or a path. */
export function pathOf(target: string): string {
  return target.startsWith('/') ? target : `/machine/peripheral/${target}`
}

/** The cpu-index of a device. */
function indexIn(truth: Truth, target: string): number | undefined {
  return [...truth].find(([, { path }]) => path === pathOf(target))?.[0]
}

async function startSecondAgent(guest: Guest): Promise<void> {
  await guest.shell(SECOND_AGENT)
  await eventually('the second agent listens', () => isSecondOpen(guest))
}

async function isSecondOpen(guest: Guest): Promise<boolean> {
  const chardevs = (await guest.query('query-chardev')) as { label: string; 'frontend-open': boolean }[]
  return chardevs.some((chardev) => chardev.label === 'second-qga' && chardev['frontend-open'])
}
