import { ConnectionError, TimeoutError } from '../../../errors/peer-errors.ts'
import type { GuestInfo } from '../../../qga/commands.ts'
import type { Facts } from '../facts.ts'
import type { Finding, FindingSeverity } from '../finding.ts'

/** What stops working without a group of the agent's commands. */
interface Group {
  readonly commands: readonly string[]
  readonly severity: FindingSeverity
  readonly loss: string
}

const GROUPS: readonly Group[] = [
  {
    commands: ['guest-get-vcpus'],
    severity: 'warns',
    loss: "the guest's CPUs cannot be seen, and nothing can be verified in the guest",
  },
  {
    commands: ['guest-set-vcpus'],
    severity: 'warns',
    loss: 'no CPU of the guest can be turned on or off: set --guest and guest-set fail',
  },
  {
    commands: ['guest-file-open', 'guest-file-read', 'guest-file-close'],
    severity: 'notes',
    loss: "which CPU of the guest is which vCPU cannot be read from the guest's /sys, only observed around changes",
  },
]

/** Is there an agent, does it answer, and is the guest thawed? */
export async function agentPresence(facts: Facts): Promise<readonly Finding[]> {
  const { agent } = facts.vm
  if (agent === undefined) {
    return [
      {
        code: 'agent-not-given',
        severity: 'notes',
        summary: 'the guest was not asked: no agent channel is given',
        evidence: 'only the monitor was given',
        advice:
          "give the agent's channel too (--qga), if the VM has one: half of what goes wrong goes wrong in the guest",
      },
    ]
  }
  try {
    await facts.agentInfo(agent)
  } catch (error) {
    const finding = silence(error)
    if (finding === undefined) throw error
    return [finding]
  }
  return (await facts.freezeStatus(agent)) === 'frozen' ? [FROZEN] : []
}

const MONITOR_AS_AGENT: Omit<Finding, 'evidence'> = {
  code: 'agent-is-monitor',
  severity: 'warns',
  summary: "a QEMU monitor is given as the agent's channel: the guest can neither be seen nor changed",
  advice:
    'give as --qga the socket of the chardev behind the virtserialport org.qemu.guest_agent.0; a monitor is for --qmp',
}

const FROZEN: Finding = {
  code: 'guest-frozen',
  severity: 'warns',
  summary: "the guest's file systems are frozen: until they are thawed its agent does nothing else",
  evidence: 'guest-fsfreeze-status: frozen',
  advice: 'let the backup or snapshot that froze it end, or thaw it (guest-fsfreeze-thaw)',
}

/** Which commands does the agent not have, or may not run? */
export async function agentCommands(facts: Facts): Promise<readonly Finding[]> {
  const { agent } = facts.vm
  const info = agent === undefined ? undefined : await facts.agentInfo(agent).catch(() => undefined)
  // A frozen guest shows nearly all of them as disabled: that is told as what it is.
  if (agent === undefined || info === undefined || (await facts.freezeStatus(agent)) === 'frozen') return []
  return GROUPS.flatMap((group) => [...missing(group, info), ...blocked(group, info)])
}

function missing({ commands, severity, loss }: Group, info: GuestInfo): Finding[] {
  const names = commands.filter((command) => info.supported_commands.every(({ name }) => name !== command))
  if (names.length === 0) return []
  return [
    {
      code: 'agent-rpc-missing',
      severity,
      summary: `the agent has no ${names.join(', ')}: ${loss}`,
      evidence: `guest-info: version ${info.version}, without ${names.join(', ')}`,
      advice: 'update the agent; on other systems than Linux it may have no such command at all',
    },
  ]
}

function blocked({ commands, severity, loss }: Group, info: GuestInfo): Finding[] {
  const names = commands.filter((command) =>
    info.supported_commands.some(({ name, enabled }) => name === command && !enabled),
  )
  if (names.length === 0) return []
  return [
    {
      code: 'agent-rpc-blocked',
      severity,
      summary: `the agent may not run ${names.join(', ')}: ${loss}`,
      evidence: `guest-info: ${names.join(', ')} not enabled`,
      advice:
        "allow it in the agent's configuration: block-rpcs and allow-rpcs in qemu-ga.conf, or /etc/sysconfig/qemu-ga",
    },
  ]
}

function silence(error: unknown): Finding | undefined {
  if (!(error instanceof ConnectionError || error instanceof TimeoutError)) return undefined
  const monitor = [error, error.cause].find(isMonitor)
  if (monitor !== undefined) return { ...MONITOR_AS_AGENT, evidence: monitor.message }
  const isOpen = error.code !== 'ERR_CONNECT'
  return {
    code: isOpen ? 'agent-silent' : 'agent-unreachable',
    severity: 'warns',
    summary: isOpen
      ? "the agent's channel is open and nothing answers in it: the guest can neither be seen nor changed"
      : "the agent's channel cannot be opened: the guest can neither be seen nor changed",
    evidence: error.message,
    advice: isOpen
      ? 'see that qemu-guest-agent is installed and runs in the guest, that the guest is up, and that nobody else (libvirt) holds the channel'
      : 'see that the path is that of the chardev behind the virtserialport org.qemu.guest_agent.0',
  }
}

function isMonitor(error: unknown): error is ConnectionError {
  return error instanceof ConnectionError && error.code === 'ERR_NOT_AGENT'
}
