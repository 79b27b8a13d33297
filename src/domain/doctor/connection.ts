import { InputError } from '../../errors/input-error.ts'
import { ConnectionError, type TimeoutError } from '../../errors/peer-errors.ts'
import type { LocalListener } from '../../wire/local-listener.ts'
import { foreignText } from '../../errors/quote.ts'
import type { Finding } from './finding.ts'

const ADVICE = {
  ERR_MONITOR_BUSY: {
    code: 'monitor-busy',
    summary: 'the monitor does not greet: it accepts one client at a time, and another is connected',
    advice:
      'close the other client, or give QEMU a monitor of your own: -qmp unix:/run/vm1/qmp2.sock,server=on,wait=off. A daemon that holds the monitor can hand its own executor to Domain.connect. If it is the socket of the agent, that one is for --qga',
  },
  ERR_CONNECT: {
    code: 'monitor-unreachable',
    summary: 'the monitor cannot be reached',
    advice:
      'see that QEMU runs, that it was started with -qmp unix:PATH,server=on,wait=off, and that you may open that path',
  },
  ERR_PROCESS_STOPPED: {
    code: 'process-stopped',
    summary: 'the process of the monitor is stopped: QEMU does nothing at all, and its guest stands still',
    advice:
      'find out who stopped it: where nobody wants it to stay so, kill -CONT PID lets it go on as if nothing had been; a debugger lets it go on itself',
  },
  ERR_MONITOR_HANGS: {
    code: 'monitor-hangs',
    summary: 'the monitor answers nothing, though no other client holds it: QEMU hangs',
    advice:
      "wait for what it is at (storage that does not answer, a migration whose target does not read) and look into QEMU's log and its threads; end nothing while its guest may be well",
  },
  ERR_NOT_QMP: {
    code: 'not-a-monitor',
    summary: 'what is there is not a QMP monitor',
    advice:
      "give the socket of -qmp (or of -mon …,mode=control) as --qmp: the human monitor (-monitor), the agent's channel (which is for --qga) and consoles have sockets of their own",
  },
} satisfies Readonly<Record<string, Pick<Finding, 'code' | 'summary' | 'advice'>>>

const SAME_SOCKET = {
  code: 'same-socket',
  summary: 'the monitor and the guest agent were given the same socket',
  advice:
    "give the agent's channel as --qga: the socket of the -chardev that -device virtserialport,name=org.qemu.guest_agent.0 names; leave --qga out where the VM has none",
} satisfies Pick<Finding, 'code' | 'summary' | 'advice'>

/**
 * The finding that a failed `Domain.connect` is: who cannot connect cannot be examined either, and still wants to know what
 * to do.
 *
 * @returns `undefined` for an error that says nothing about the monitor's socket
 */
export function connectionFinding(error: unknown): Finding | undefined {
  if (error instanceof InputError && error.code === 'ERR_SAME_ADDRESS')
    return { ...SAME_SOCKET, severity: 'blocks', evidence: error.message }
  if (!(error instanceof ConnectionError) || !isExplained(error.code)) return undefined
  return { ...ADVICE[error.code], severity: 'blocks', evidence: error.message }
}

function isExplained(code: string): code is keyof typeof ADVICE {
  return Object.hasOwn(ADVICE, code)
}

/**
 * The finding that a monitor is which was connected and answers nothing: its process may be stopped.
 *
 * @param listener - its socket from outside; `undefined` where that cannot be seen
 */
export function hangingMonitor(error: TimeoutError, listener: LocalListener | undefined): Finding {
  const processes = listener?.processes ?? []
  const isStopped = processes.length > 0 && processes.every(({ state }) => state !== 'running')
  const states = processes.map(({ pid, name, state }) => `; process ${pid} (${foreignText(name, 40)}): ${state}`)
  return {
    ...ADVICE[isStopped ? 'ERR_PROCESS_STOPPED' : 'ERR_MONITOR_HANGS'],
    severity: 'blocks',
    evidence: `${error.message}${states.join('')}`,
  }
}
