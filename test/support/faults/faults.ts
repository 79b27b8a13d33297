import { ID } from './operations.ts'
import type { Stage } from './stage.ts'

/** Whom a fault strikes: a call that needs nothing of it must not notice. */
export type Victim = 'monitor' | 'agent' | 'vm' | 'caller'

/** Something that goes wrong at one moment. */
export interface Fault {
  readonly name: string
  readonly meaning: string
  readonly victim: Victim
  /** Codes, of the error or of what caused it, that a call may end with; an empty list where it must be done. */
  readonly codes: readonly string[]
  /** @returns what makes it good again */
  readonly strike: (stage: Stage) => () => void
}

const nothing = (): void => undefined
const LOST = ['ERR_CONNECTION_LOST', 'ERR_CONNECT'] as const
const SILENT = ['ERR_TIMEOUT'] as const
/** The guest goes away and comes back: what it has read by then it may carry out in its next boot, where it has no such CPU. */
const REBOOT = ['ERR_TIMEOUT', 'ERR_NO_AGENT_ANSWER', 'ERR_NOT_CONFIRMED', 'ERR_COMMAND'] as const
const AGENT_COMMANDS = ['guest-get-vcpus', 'guest-set-vcpus', 'guest-file-open', 'guest-file-read', 'guest-info']

/** The faults, from the mildest. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'cut',
    meaning: "the monitor's connection is cut",
    victim: 'monitor',
    codes: LOST,
    strike: ({ vm }) => {
      vm.dropMonitor()
      return nothing
    },
  },
  {
    name: 'held',
    meaning: 'the same, and another client holds the monitor until the call has ended',
    victim: 'monitor',
    codes: [...LOST, 'ERR_MONITOR_BUSY', 'ERR_TIMEOUT'],
    strike: ({ vm }) => {
      const release = vm.holdMonitor()
      vm.dropMonitor()
      return release
    },
  },
  {
    name: 'hang',
    meaning: 'the monitor reads and answers nothing until the call has ended',
    victim: 'monitor',
    codes: SILENT,
    strike: ({ monitor }) => {
      monitor.shut('both')
      return () => {
        monitor.open()
      }
    },
  },
  {
    name: 'late',
    meaning: "the monitor carries out what it is asked, and its answers come when the call's time is up",
    victim: 'monitor',
    codes: SILENT,
    strike: ({ monitor }) => {
      monitor.shut('answers')
      return () => {
        monitor.open()
      }
    },
  },
  {
    name: 'agent-cut',
    meaning: "the connection to the agent's channel is cut",
    victim: 'agent',
    codes: LOST,
    strike: ({ vm }) => {
      vm.dropAgent()
      return nothing
    },
  },
  {
    name: 'agent-silent',
    meaning: 'the agent stops until the call has ended',
    victim: 'agent',
    codes: ['ERR_TIMEOUT', 'ERR_NO_AGENT_ANSWER'],
    strike: ({ vm }) => {
      vm.stopAgent()
      return () => {
        vm.contAgent()
      }
    },
  },
  {
    name: 'agent-late',
    meaning: "the agent carries out what it is asked, and its answers come when the call's time is up",
    victim: 'agent',
    codes: ['ERR_TIMEOUT', 'ERR_NO_AGENT_ANSWER'],
    strike: ({ agent }) => {
      agent.shut('answers')
      return () => {
        agent.open()
      }
    },
  },
  {
    name: 'agent-lost',
    meaning: 'the agent ends, and another starts',
    victim: 'agent',
    codes: ['ERR_TIMEOUT', 'ERR_NO_AGENT_ANSWER'],
    strike: ({ vm }) => {
      vm.restartAgent()
      return nothing
    },
  },
  {
    name: 'agent-fails',
    meaning: 'the agent refuses every command until the call has ended, as it does with frozen file systems',
    victim: 'agent',
    codes: ['ERR_COMMAND', 'ERR_GUEST_REFUSED', 'ERR_UNSURE'],
    strike: ({ vm }) => {
      const ends = AGENT_COMMANDS.map((command) => vm.inject({ at: { command }, do: 'error', desc: 'frozen' }))
      return () => {
        for (const end of ends) end()
      }
    },
  },
  {
    name: 'reset',
    meaning: 'the guest is reset',
    victim: 'vm',
    codes: REBOOT,
    strike: ({ vm }) => {
      vm.reset()
      return nothing
    },
  },
  {
    name: 'reset-unheard',
    meaning: "the same while the monitor's connection is cut, so that it is not heard",
    victim: 'vm',
    codes: [...LOST, ...REBOOT],
    strike: ({ vm }) => {
      vm.dropMonitor()
      vm.reset({ heard: false })
      return nothing
    },
  },
  {
    name: 'paused',
    meaning: 'the guest is stopped until the call has ended',
    victim: 'vm',
    codes: ['ERR_TIMEOUT', 'ERR_NO_AGENT_ANSWER'],
    strike: ({ vm }) => {
      vm.pause()
      return () => {
        vm.resume()
      }
    },
  },
  {
    name: 'panic',
    meaning: 'the guest panics, and is reset when the call has ended',
    victim: 'vm',
    codes: ['ERR_TIMEOUT', 'ERR_NO_AGENT_ANSWER'],
    strike: ({ vm }) => {
      vm.panic()
      return () => {
        vm.reset()
        vm.resume()
      }
    },
  },
  {
    name: 'refuses',
    meaning: 'the guest refuses every plug and unplug until the call has ended',
    victim: 'vm',
    codes: ['ERR_GUEST_REFUSED', 'ERR_GUEST_REJECTED'],
    strike: ({ vm }) => {
      Object.assign(vm.guest, { onPlug: 'refuse', onUnplug: 'refuse' })
      return () => {
        Object.assign(vm.guest, { onPlug: 'accept', onUnplug: 'remove' })
      }
    },
  },
  {
    name: 'rival',
    meaning: 'another client plugs the vCPU, or asks for it back where it is plugged',
    victim: 'vm',
    codes: [
      ...['ERR_REMOVAL_PENDING', 'ERR_COMMAND', 'ERR_TIMEOUT', 'ERR_NOT_CONFIRMED', 'ERR_NOT_REACHABLE'],
      ...['ERR_CONTRADICTION', 'ERR_UNSURE', 'ERR_NO_SUCH_VCPU'],
    ],
    strike: (stage) => {
      const { vm } = stage
      if (stage.state().plugged.includes(ID)) vm.other.unplug(ID)
      else vm.other.plug(ID)
      return nothing
    },
  },
  {
    name: 'guest-rival',
    meaning: 'a user of the guest turns the CPU on, or off where it runs',
    victim: 'vm',
    codes: ['ERR_TIMEOUT', 'ERR_NOT_CONFIRMED'],
    strike: (stage) => {
      const seat = stage.vm.guest.seats.find(({ cpuIndex }) => cpuIndex === ID)
      if (seat !== undefined) stage.vm.other.guestSet(seat.logicalId, !seat.online)
      return nothing
    },
  },
  {
    name: 'replaced',
    meaning: 'QEMU ends, and another one is at the same address at once',
    victim: 'vm',
    codes: [...LOST, ...REBOOT, 'ERR_UNSURE', 'ERR_NO_SUCH_VCPU', 'ERR_NOT_REACHABLE'],
    strike: ({ vm }) => {
      vm.restart()
      return nothing
    },
  },
  {
    name: 'dies',
    meaning: 'QEMU ends, and another one is there when the call has ended',
    victim: 'vm',
    codes: LOST,
    strike: ({ vm }) => {
      vm.kill()
      return () => {
        vm.restart()
      }
    },
  },
  {
    name: 'aborted',
    meaning: 'the caller aborts the call',
    victim: 'caller',
    codes: ['ERR_ABORTED'],
    strike: ({ caller }) => {
      caller.abort(new Error('the caller lost patience'))
      return nothing
    },
  },
  {
    name: 'closed',
    meaning: 'the caller closes the Domain',
    victim: 'caller',
    codes: ['ERR_CLOSED'],
    strike: ({ domain }) => {
      void domain.close()
      return nothing
    },
  },
]
