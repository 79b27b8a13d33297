import {
  CommandError,
  PartialChangeError,
  QgaClient,
  readGuestFile,
  setGuestVcpus,
  type CallOptions,
} from '../../../src/qga/index.ts'
import { clientOptions, type Peers } from '../recording.ts'

/** What {@link agent} saw. */
export interface AgentSeen {
  readonly version: string
  /** Of the commands that the recording is about, whether the agent allows them. */
  readonly allowed: Readonly<Record<string, boolean | undefined>>
  /** The ids that the agent lists as online, ascending: at first, with CPU 1 off, and on again. */
  readonly online: readonly (readonly number[])[]
  /** How `[1 on, 77 on, 0 on]` ended: how many were done, and the class of the next one's error. */
  readonly prefix: readonly [applied: number, failedId: number, errorClass: string]
  /** The error classes of what the agent refuses, by what was asked. */
  readonly refused: Readonly<Record<string, string>>
  /** What some files of the guest's `/sys` say; the class of the error where one cannot be read. */
  readonly files: Readonly<Record<string, string>>
  /** What it says of its load, by command; the class of the error where it does not know the command. */
  readonly load: Readonly<Record<(typeof LOAD_COMMANDS)[number], unknown>>
}

/** The command that the recording's agent is told to block: a harmless one, should it not obey. */
export const BLOCKED_COMMAND = 'guest-get-timezone'

/** The second time tells how the counters of the first have grown. */
const LOAD_COMMANDS = ['guest-get-load', 'guest-get-cpustats', 'guest-get-cpustats again'] as const

const cpus = '/sys/devices/system/cpu'
const files = ['present', 'online', 'possible', 'cpu1/firmware_node/path', 'cpu77/online']
/** A guest on one emulated CPU of a busy host takes its time. */
const patient: CallOptions = { timeoutMs: 60_000 }

/** The agent alone, on two of eight: what it says of itself and its CPUs, what it does, and what it refuses. */
export async function agent(peers: Peers): Promise<AgentSeen> {
  const { qga, step } = peers
  if (qga === undefined) throw new Error('this session wants an agent')
  step('connect')
  await using client = await QgaClient.connect(qga, { ...clientOptions(peers), ...patient })
  step('info')
  const info = await client.execute('guest-info', undefined, patient)
  const named = ['guest-get-vcpus', 'guest-set-vcpus', 'guest-file-open', BLOCKED_COMMAND]
  const online = [await listOnline(client)]

  step('a prefix is done')
  const prefix = await setThree(client)

  step('off and on')
  await setGuestVcpus(client, [{ 'logical-id': 1, online: false }], patient)
  online.push(await listOnline(client))
  await setGuestVcpus(client, [{ 'logical-id': 1, online: true }], patient)
  online.push(await listOnline(client))

  step('refused')
  const refused = {
    'CPU 0 off': await refusal(setGuestVcpus(client, [{ 'logical-id': 0, online: false }], patient)),
    'no such command': await refusal(client.execute('guest-no-such-command', undefined, patient)),
    'a blocked command': await refusal(client.execute(BLOCKED_COMMAND, undefined, patient)),
    'an odd argument': await refusal(client.execute('guest-set-vcpus', { vcpus: [], odd: 1 }, patient)),
  }

  step('files')
  const contents: Record<string, string> = {}
  for (const file of files) contents[file] = await readText(client, `${cpus}/${file}`, peers)

  step('load')
  const load: unknown[] = []
  for (const name of LOAD_COMMANDS) load.push(await answer(client, name.replace(' again', '')))
  return {
    version: info.version,
    allowed: Object.fromEntries(
      named.map((name) => [name, info.supported_commands.find((command) => command.name === name)?.enabled]),
    ),
    online,
    prefix,
    refused,
    files: contents,
    load: Object.fromEntries(LOAD_COMMANDS.map((name, at) => [name, load[at]])) as AgentSeen['load'],
  }
}

async function answer(client: QgaClient, command: string): Promise<unknown> {
  try {
    return await client.execute(command, undefined, patient)
  } catch (error) {
    if (error instanceof CommandError) return error.errorClass
    throw error
  }
}

async function listOnline(client: QgaClient): Promise<readonly number[]> {
  const listed = await client.execute('guest-get-vcpus', undefined, patient)
  const ids = listed.filter(({ online }) => online).map((cpu) => cpu['logical-id'])
  return ids.sort((a, b) => a - b)
}

async function setThree(client: QgaClient): Promise<AgentSeen['prefix']> {
  const changes = [1, 77, 0].map((id) => ({ 'logical-id': id, online: true }))
  try {
    await setGuestVcpus(client, changes, patient)
  } catch (error) {
    if (!(error instanceof PartialChangeError) || !(error.cause instanceof CommandError)) throw error
    return [error.applied, error.failed['logical-id'], error.cause.errorClass]
  }
  throw new Error('the agent turned on a CPU 77')
}

async function refusal(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (error: unknown) => {
      if (error instanceof CommandError) return error.errorClass
      throw error
    },
  )
}

async function readText(client: QgaClient, path: string, { clock }: Peers): Promise<string> {
  try {
    return Buffer.from(await readGuestFile(client, path, { ...patient, clock }))
      .toString('latin1')
      .trim()
  } catch (error) {
    if (error instanceof CommandError) return error.errorClass
    throw error
  }
}
