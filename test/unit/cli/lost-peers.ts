import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { hang } from '../../../src/testing/index.ts'
import { listen } from '../../../src/wire/listen.ts'
import type { CliVm } from './cli-vm.ts'
import type { FailureCase } from './failure-case.ts'

/** Each of these ends by its time-out, in virtual time. */
const SOON = ['--timeout', '150']

/** A real socket: the error says where it is. */
const SSH_SOCKET = join(tmpdir(), `qemu-vcpu-${process.pid}-ssh.sock`)

/** QEMU dies of that command. */
function dieAt(command: string): (vm: CliVm) => unknown {
  return ({ qemu }) =>
    qemu.onCommand(command, (args, usual) => {
      qemu.kill()
      return hang(args, usual)
    })
}

/** Peers that cannot be reached, or no longer: exit 3. */
export const unreachable: readonly FailureCase[] = [
  {
    name: 'no socket',
    argv: () => ['map', '--qmp', '/nonexistent/none.sock'],
    exit: 3,
    code: 'ERR_CONNECT',
    outcome: 'not-sent',
    message: /none\.sock: there is no such socket/,
  },
  {
    name: 'no socket, to change something',
    argv: () => ['set', '5', 'on', '--qmp', '/nonexistent/none.sock'],
    exit: 3,
    code: 'ERR_CONNECT',
    outcome: 'not-sent',
    message: /there is no such socket/,
  },
  {
    name: "no socket for the agent's channel",
    argv: (vm) => ['guest-set', '1', 'off', ...vm.qmp, '--qga', '/nonexistent/none.sock'],
    exit: 3,
    code: 'ERR_CONNECT',
    outcome: 'not-sent',
    message: /there is no such socket/,
  },
  {
    name: 'a monitor that another client holds',
    spoil: (vm) => vm.qemu.connect(),
    argv: (vm) => ['set', '5', 'on', ...SOON, ...vm.qmp],
    exit: 3,
    code: 'ERR_MONITOR_BUSY',
    outcome: 'not-sent',
    message: /another client probably holds this monitor/,
  },
  {
    name: 'something that is no monitor',
    spoil: async () => {
      const listener = await listen(SSH_SOCKET, (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
      onTestFinished(() => listener.close())
    },
    argv: () => ['map', '--qmp', SSH_SOCKET],
    exit: 3,
    code: 'ERR_NOT_QMP',
    outcome: 'not-sent',
    message: /ssh\.sock is not a QMP monitor: it greets with "SSH-2\.0/,
  },
  // 'map' and 'list' show QEMU's half all the same: test/regressions/mute-agent-leaves-qemus-half.test.ts
  ...['set 1 off --guest', 'guest-set 1 off'].map((verb): FailureCase => ({
    name: `an agent that does not run, asked by ${verb}`,
    spoil: (vm) => (vm.agent.silent = true),
    argv: (vm) => [...verb.split(' '), ...SOON, ...vm.both],
    exit: 3,
    code: 'ERR_NO_AGENT_ANSWER',
    outcome: 'not-sent',
    message: /no guest agent answered/,
  })),
  {
    name: 'a QEMU that dies while it plugs',
    spoil: dieAt('device_add'),
    argv: (vm) => ['set', '5', 'on', ...vm.qmp],
    exit: 3,
    code: 'ERR_CONNECTION_LOST',
    outcome: 'unknown',
    message: /device_add/,
  },
  {
    name: 'a QEMU that dies while it unplugs',
    spoil: dieAt('device_del'),
    argv: (vm) => ['set', '1', 'off', ...vm.qmp],
    exit: 3,
    code: 'ERR_CONNECTION_LOST',
    outcome: 'unknown',
    message: /device_del/,
  },
  {
    name: 'a QEMU that dies while it is read',
    spoil: dieAt('query-cpus-fast'),
    argv: (vm) => ['list', ...vm.qmp],
    exit: 3,
    code: 'ERR_CONNECTION_LOST',
    outcome: 'not-sent',
    message: /query-/,
  },
]

/** Peers that do not answer in time: exit 4. */
export const late: readonly FailureCase[] = [
  {
    name: 'a guest that does not answer an unplug',
    spoil: (vm) => (vm.qemu.guest.onUnplug = 'ignore'),
    argv: (vm) => ['set', '1', 'off', ...SOON, ...vm.qmp],
    exit: 4,
    code: 'ERR_TIMEOUT',
    outcome: 'unknown',
    message: /unplug of vCPU 1 timed out after \d+ ms/,
  },
  {
    name: 'a QEMU that does not answer a plug',
    spoil: (vm) => vm.qemu.onCommand('device_add', hang),
    argv: (vm) => ['set', '5', 'on', ...SOON, ...vm.qmp],
    exit: 4,
    code: 'ERR_TIMEOUT',
    outcome: 'unknown',
    message: /device_add: no answer/,
  },
  {
    name: 'a QEMU that does not answer a query',
    spoil: (vm) => vm.qemu.onCommand('query-cpus-fast', hang),
    argv: (vm) => ['map', ...SOON, ...vm.qmp],
    exit: 4,
    code: 'ERR_TIMEOUT',
    outcome: 'not-sent',
    message: /no answer/,
  },
  {
    name: 'an agent that does not answer a change',
    spoil: (vm) => vm.agent.onCommand('guest-set-vcpus', hang),
    argv: (vm) => ['guest-set', '1', 'off', ...SOON, ...vm.both],
    exit: 4,
    code: 'ERR_TIMEOUT',
    outcome: 'unknown',
    message: /guest-set-vcpus: no answer/,
  },
]
