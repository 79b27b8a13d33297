import type { CommandArguments } from './command-hooks.ts'
import type { Deliver } from './delivery.ts'
import { deliverFaulty } from './faulty-delivery.ts'
import { SimulatedAgent } from './simulated-agent.ts'
import { SimulatedQemu } from './simulated-qemu.ts'
import type { VmFrame } from './vm-frame.ts'
import type { Moment } from './vm-record.ts'

/** The agent's channel, as `VSERPORT_CHANGE` names it. */
const CHANNEL_ID = 'channel0'

/** One QEMU of a simulated VM, from its start to its end, with its guest and the agent in it. */
export class VmLife {
  readonly qemu: SimulatedQemu
  readonly agent: SimulatedAgent | undefined
  /** Which QEMU it is, counted from 1. */
  readonly generation: number
  readonly #frame: VmFrame
  #alive = true
  #agentOpen: boolean
  #quietBoot = false
  #agentStarts = 0

  /** @param former - the QEMU before it; the first one of a VM is found booted, later ones boot */
  constructor(frame: VmFrame, former?: VmLife) {
    this.#frame = frame
    this.generation = (former?.generation ?? 0) + 1
    this.#agentOpen = former === undefined
    const pace = frame.stopwatch.pace(() => this.#alive)
    this.qemu = new SimulatedQemu(frame.machine, {
      clock: frame.clock,
      ...(pace === undefined ? {} : { pace }),
      seed: frame.guestSeed,
      firstBoot: former?.qemu.guest.boot ?? 1,
      // A new process has new threads.
      ...(former === undefined ? {} : { firstThreadId: former.qemu.board.nextThreadId + 100 }),
      accelerator: frame.accelerator,
      deliver: this.#deliver('qmp'),
      route: (event, data, send) => {
        this.#route(event, data, send)
      },
      onKill: () => {
        this.kill()
      },
    })
    this.agent = this.#makeAgent()
    const { guest } = this.qemu
    guest.onBoot = (what) => {
      this.#onBoot(what)
    }
    if (former === undefined) {
      frame.instruct(guest)
      return
    }
    // What a test has set at the guest meanwhile goes for the next one too.
    const { onPlug, onUnplug, autoOnline, load } = former.qemu.guest
    Object.assign(guest, { onPlug, onUnplug, autoOnline, load })
    this.qemu.kexec()
  }

  get isAlive(): boolean {
    return this.#alive
  }

  /** Now. */
  get moment(): Moment {
    return { atMs: this.#frame.stopwatch.now(), qemu: this.generation, boot: this.qemu.guest.boot }
  }

  /** Unless `heard`, no client hears of it, nor of the agent that comes back. */
  reset(heard: boolean): void {
    this.#quietBoot = !heard
    if (heard) this.qemu.reset()
    else
      this.qemu.unheard(() => {
        this.qemu.reset()
      })
  }

  /** The agent ends; another one is there after a while. */
  restartAgent(): void {
    const { agent } = this
    if (agent === undefined) return
    agent.restart()
    agent.halt()
    this.#setAgentOpen(false)
    const start = ++this.#agentStarts
    const { stopwatch } = this.#frame
    stopwatch.after(stopwatch.draw('agentStart'), () => {
      // Another one may have been started meanwhile, by a boot for example.
      if (!this.#alive || this.#agentStarts !== start) return
      agent.go()
      this.#setAgentOpen(true)
    })
  }

  /** The agent that was stopped goes on; one that is only starting does so in its own time. */
  contAgent(): void {
    if (this.#agentOpen) this.agent?.go()
  }

  kill(): void {
    if (!this.#alive) return
    this.#alive = false
    this.qemu.kill()
    this.agent?.kill()
  }

  #makeAgent(): SimulatedAgent | undefined {
    const { agent, record } = this.#frame
    if (agent === undefined) return undefined
    return new SimulatedAgent(this.qemu.guest, agent, {
      deliver: this.#deliver('qga'),
      onSwitch: (entry) => {
        record.guestSwitch(this.moment, 'client', entry)
      },
    })
  }

  /** Each command takes its time, and may meet a fault. */
  #deliver(peer: 'qmp' | 'qga'): Deliver {
    const { stopwatch, record, plan } = this.#frame
    return async (received, answer, line) => {
      const settle = record.command(this.moment, peer, 'client', received)
      const fault = plan.ofCommand(received.command)
      await stopwatch.sleep(stopwatch.draw(peer === 'qmp' ? 'monitor' : 'agent'))
      const carryOut = async (): Promise<object> => {
        // The dead carry out nothing.
        if (!this.#alive) return new Promise(() => undefined)
        const reply = await answer()
        settle(reply)
        return reply
      }
      if (fault === undefined) line.send(await carryOut())
      else
        await deliverFaulty(fault, received, carryOut, line, {
          sleep: (ms) => stopwatch.sleep(ms),
          refuse: (args, goes) => {
            this.#refuse(args, goes)
          },
        })
    }
  }

  #refuse({ id }: CommandArguments, goes: boolean): void {
    if (typeof id !== 'string') return
    if (goes) this.qemu.announceRefusal(id)
    else this.qemu.refusePendingUnplug(id)
  }

  #route(event: string, data: object | undefined, send: () => void): void {
    if (!this.#alive) return
    const { record, plan, stopwatch } = this.#frame
    record.event(this.moment, event, data)
    const fault = plan.ofEvent(event)
    switch (fault?.do) {
      case undefined:
        send()
        return
      case 'missing':
        return
      case 'doubled':
        send()
        send()
        return
      case 'late':
        stopwatch.after(fault.ms, send)
    }
  }

  #onBoot(what: 'down' | 'up'): void {
    const tell = (): void => {
      this.#setAgentOpen(what === 'up')
    }
    // A boot starts an agent of its own.
    if (what === 'down') {
      this.#agentStarts++
      this.agent?.restart()
    }
    // One that was stopped before it was there is not stopped.
    else this.agent?.go()
    if (this.#quietBoot) this.qemu.unheard(tell)
    else tell()
    if (what === 'up') this.#quietBoot = false
  }

  #setAgentOpen(open: boolean): void {
    if (this.agent === undefined || this.#agentOpen === open) return
    this.#agentOpen = open
    this.qemu.emit('VSERPORT_CHANGE', { id: CHANNEL_ID, open })
  }
}
