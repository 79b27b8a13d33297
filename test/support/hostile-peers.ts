import { Refusal, type SimulatedAgent, type SimulatedQemu } from '../../src/testing/index.ts'
import { isObject } from '../../src/wire/message.ts'
import { HOSTILE } from './hostile-text.ts'

const QEMU_COMMANDS = [
  'query-hotpluggable-cpus',
  'query-cpus-fast',
  'query-status',
  'query-version',
  'query-kvm',
  'query-accelerators',
  'query-machines',
  'query-name',
  'query-migrate',
  'query-current-machine',
  'query-commands',
  'query-acpi-ospm-status',
  'qom-get',
  'qom-list',
  'human-monitor-command',
  'device_add',
  'device_del',
]
const AGENT_COMMANDS = [
  'guest-info',
  'guest-get-vcpus',
  'guest-set-vcpus',
  'guest-get-osinfo',
  'guest-fsfreeze-status',
  'guest-file-open',
  'guest-file-read',
  'guest-file-close',
]

/** Where one vCPU is, as some of them say. */
export const FOREIGN_DEVICE = `/machine/peripheral/${HOSTILE}`

/** Every text in a reply with hostile text behind it, but for the words that the package looks for. */
function poisoned(value: unknown, isKept: (key: string, text: string) => boolean, key = ''): unknown {
  if (typeof value === 'string') return isKept(key, value) ? value : `${value}${HOSTILE}`
  if (Array.isArray(value)) return value.map((each: unknown) => poisoned(each, isKept, key))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, poisoned(each, isKept, name)]))
}

/** A QEMU and its guest's agent. */
interface Peers {
  readonly qemu: SimulatedQemu
  readonly agent: SimulatedAgent
}

/** What a peer may do, each as the hooks that make it so. */
export const hostilePeers: Readonly<Record<string, (vm: Peers) => void>> = {
  'hostile words in every reply': (vm) => {
    const isKept = (key: string, text: string): boolean =>
      ['buf-b64', 'target'].includes(key) || text.startsWith('/machine/') || key === 'status' || key === 'type'
    for (const name of QEMU_COMMANDS) vm.qemu.onCommand(name, async (_, usual) => poisoned(await usual(), isKept))
    for (const name of AGENT_COMMANDS) vm.agent.onCommand(name, async (_, usual) => poisoned(await usual(), isKept))
  },
  'hostile types, paths and properties': (vm) => {
    const renamed = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value).replaceAll('/machine/unattached/device[2]', JSON.stringify(FOREIGN_DEVICE).slice(1, -1)),
      ) as unknown
    vm.qemu.onCommand('query-cpus-fast', async (_, usual) => renamed(await usual()))
    vm.qemu.onCommand('query-hotpluggable-cpus', async (_, usual) => {
      const slots = renamed(await usual()) as { readonly props: object; readonly type: string }[]
      return slots.map(({ props, type, ...rest }) => ({
        ...rest,
        type: `${type}${HOSTILE}`,
        props: { ...props, [HOSTILE]: HOSTILE, nested: { [HOSTILE]: [HOSTILE] } },
      }))
    })
  },
  'hostile refusals': (vm) => {
    const refuse = (): never => {
      throw new Refusal(HOSTILE, HOSTILE)
    }
    for (const name of ['device_add', 'device_del', 'query-acpi-ospm-status', 'qom-get'])
      vm.qemu.onCommand(name, refuse)
    for (const name of ['guest-set-vcpus', 'guest-file-open', 'guest-get-osinfo']) vm.agent.onCommand(name, refuse)
  },
  'nothing but hostile refusals': (vm) => {
    const refuse = (): never => {
      throw new Refusal(HOSTILE, HOSTILE)
    }
    for (const name of QEMU_COMMANDS) vm.qemu.onCommand(name, refuse)
    for (const name of AGENT_COMMANDS) vm.agent.onCommand(name, refuse)
  },
  'nonsense that is hostile text': (vm) => {
    for (const name of QEMU_COMMANDS) vm.qemu.onCommand(name, () => HOSTILE)
    for (const name of AGENT_COMMANDS) vm.agent.onCommand(name, () => ({ [HOSTILE]: [HOSTILE] }))
  },
  'entries that are hostile text': (vm) => {
    for (const name of QEMU_COMMANDS) vm.qemu.onCommand(name, () => [{ 'qom-path': HOSTILE, props: HOSTILE }, HOSTILE])
    vm.agent.onCommand('guest-get-vcpus', () => [{ 'logical-id': HOSTILE, online: HOSTILE }])
    vm.agent.onCommand('guest-info', () => ({
      version: HOSTILE,
      supported_commands: [{ name: HOSTILE, enabled: true }],
    }))
  },
  'files of the guest with hostile text': (vm) => {
    const content = Buffer.from(HOSTILE)
    vm.agent.onCommand('guest-file-read', () => ({
      count: content.length,
      'buf-b64': content.toString('base64'),
      eof: true,
    }))
    vm.agent.onCommand('guest-get-osinfo', () => ({
      id: HOSTILE,
      'kernel-release': HOSTILE,
      'kernel-version': HOSTILE,
    }))
  },
}
