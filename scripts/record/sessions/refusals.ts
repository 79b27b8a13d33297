import { CommandError, QmpClient, type QmpArguments } from '../../../src/qmp/index.ts'
import { clientOptions, type Peers } from '../recording.ts'

/** A command that QEMU was asked and how it answered: `done`, or the class of its error. */
export interface Answer {
  readonly command: string
  readonly answer: string
}

const driver = 'qemu64-x86_64-cpu'
const place = (id: number) => ({ 'socket-id': 0, 'core-id': id, 'thread-id': 0 })

/** On a machine of one vCPU a core, cores 0 and 1 plugged: what QEMU refuses, and one plug that it takes. */
export function refusals(peers: Peers): Promise<readonly Answer[]> {
  return ask(peers, [
    ['device_add', { ...place(1), driver, id: 'taken-slot' }],
    ['device_add', { ...place(2), driver, id: 'cpu2' }],
    ['device_add', { ...place(3), driver, id: 'cpu2' }],
    ['device_add', { ...place(9), driver, id: 'no-such-slot' }],
    ['device_add', { driver, id: 'no-place' }],
    ['device_add', { ...place(3), driver: 'no-such-driver', id: 'odd' }],
    ['device_del', { id: 'no-such-device' }],
    ['device_del', { id: '/machine/unattached/device[0]' }],
    ['no-such-command'],
    ['query-cpus-fast'],
  ])
}

/** On a machine without vCPU hotplug: it has vCPUs, but will not say which slots; then a plug all the same. */
export function withoutHotplug(peers: Peers): Promise<readonly Answer[]> {
  return ask(peers, [
    ['query-hotpluggable-cpus'],
    ['query-cpus-fast'],
    ['device_add', { ...place(2), driver, id: 'cpu2' }],
    ['query-cpus-fast'],
  ])
}

async function ask(
  peers: Peers,
  commands: readonly (readonly [command: string, args?: QmpArguments])[],
): Promise<readonly Answer[]> {
  const { qmp, step } = peers
  step('connect')
  await using client = await QmpClient.connect(qmp, clientOptions(peers))
  step('ask')
  const answers: Answer[] = []
  for (const [command, args] of commands) {
    const answer = await client.execute(command, args).then(() => 'done', errorClass)
    answers.push({ command, answer })
  }
  return answers
}

function errorClass(error: unknown): string {
  if (error instanceof CommandError) return error.errorClass
  throw error
}
