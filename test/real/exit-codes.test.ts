// The exit status of every verb, as a shell gets it: each run is a process of its own, the VM is simulated, on real sockets.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { VERBS } from '../../src/cli/verbs/index.ts'
import { hang, Refusal } from '../../src/testing/index.ts'
import { startVmOnSockets, type CliVm } from '../unit/cli/cli-vm.ts'

const BIN = fileURLToPath(new URL('../../src/cli/bin.ts', import.meta.url))

/** What is done to the VM before the run; `interrupt` sends the command SIGINT. */
type Scene = (vm: CliVm, interrupt: () => void) => void

/** The command is interrupted when the peer gets that command, which is then not answered. */
const interruptedAt =
  (command: string): Scene =>
  ({ qemu, agent }, interrupt) => {
    for (const peer of [qemu, agent]) {
      peer.onCommand(command, () => {
        interrupt()
        return new Promise(() => undefined)
      })
    }
  }

const agentRefuses: Scene = ({ agent }) => {
  agent.onCommand('guest-get-vcpus', () => {
    throw new Refusal('not allowed', 'CommandNotFound')
  })
}

const qemuHangs: Scene = ({ qemu }) => {
  qemu.onCommand('query-cpus-fast', hang)
  qemu.onCommand('query-hotpluggable-cpus', hang)
}

const hasNoSchema: Scene = ({ qemu }) => {
  qemu.onCommand('query-qmp-schema', () => {
    throw new Refusal('not found', 'CommandNotFound')
  })
}

const schemaHangs: Scene = ({ qemu }) => {
  qemu.onCommand('query-qmp-schema', hang)
}

const agentHasNoInfo: Scene = ({ agent }) => {
  agent.onCommand('guest-info', () => {
    throw new Refusal('not found', 'CommandNotFound')
  })
}

const none: Scene = () => undefined
/** Long enough to connect on a slow day: what then never comes takes as long. */
const SOON = '--timeout 8000'
const GONE = '--qmp /nonexistent/qmp.sock --qga /nonexistent/qga.sock'

/** The schema of a QEMU without any command. */
const folder = mkdtempSync(join(tmpdir(), 'qemu-vcpu-exit-'))
const SAVED = join(folder, 'schema.json')
writeFileSync(SAVED, '[]')
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const SIMULATED = join(folder, 'sim.sock')
/** Interrupts the command when it has made its socket. */
const onceItListens: Scene = (_, interrupt) => {
  const watcher = watch(folder, () => {
    watcher.close()
    interrupt()
  })
}

/** A line without its addresses, unless it has some; the status; and what happens. */
const RUNS: readonly (readonly [line: string, status: number, scene: Scene])[] = [
  ['map', 0, none],
  ['map', 1, agentRefuses],
  ['map x', 2, none],
  [`map ${GONE}`, 3, none],
  [`map ${SOON}`, 4, qemuHangs],
  ['map', 1, interruptedAt('query-cpus-fast')],
  ['map --svg /dev/null', 0, none],
  ['map --svg /nonexistent/x.svg', 2, none],
  ['list', 0, none],
  ['list', 1, agentRefuses],
  ['list x', 2, none],
  [`list ${GONE}`, 3, none],
  [`list ${SOON}`, 4, qemuHangs],
  ['set 5 on', 0, none],
  ['set 1 on', 0, none],
  ['set 0 off', 1, none],
  ['set 5', 2, none],
  [`set 5 on ${GONE}`, 3, none],
  ['set 5 on', 4, interruptedAt('device_add')],
  ['set 2-3 on', 4, interruptedAt('device_add')],
  ['guest-set 1 off', 0, none],
  ['guest-set 0 off', 1, none],
  ['guest-set 1 away', 2, none],
  [`guest-set 1 off ${GONE}`, 3, none],
  ['guest-set 1 off', 4, interruptedAt('guest-set-vcpus')],
  ['scale 4', 0, none],
  ['scale 4 --dry-run', 0, none],
  ['scale 9', 1, none],
  ['scale', 2, none],
  [`scale 4 ${GONE}`, 3, none],
  ['scale 4', 4, interruptedAt('device_add')],
  ['guest-scale 1', 0, none],
  ['guest-scale 3', 1, none],
  ['guest-scale one', 2, none],
  [`guest-scale 1 ${GONE}`, 3, none],
  ['guest-scale 1', 4, interruptedAt('guest-set-vcpus')],
  ['export', 0, none],
  ['export --apply /nonexistent/layout', 2, none],
  [`export ${GONE}`, 3, none],
  [`export ${SOON}`, 4, qemuHangs],
  ['watch', 0, interruptedAt('guest-get-vcpus')],
  ['watch --share', 0, interruptedAt('guest-get-vcpus')],
  ['watch --json', 0, interruptedAt('guest-get-vcpus')],
  ['watch x', 2, none],
  [`watch ${GONE}`, 3, none],
  ['doctor', 0, none],
  ['doctor x', 2, none],
  [`doctor ${GONE}`, 3, none],
  ['typegen', 0, none],
  ['typegen', 1, hasNoSchema],
  ['typegen', 1, agentHasNoInfo],
  ['typegen a b', 2, none],
  ['typegen /nonexistent/schema.json', 2, none],
  [`typegen ${GONE}`, 3, none],
  ['typegen --qmp /nonexistent/qmp.sock', 3, none],
  [`typegen ${SOON}`, 4, schemaHangs],
  [`schema-diff ${SAVED}`, 0, none],
  [`schema-diff ${SAVED}`, 1, hasNoSchema],
  [`schema-diff ${SAVED} ${SAVED}`, 0, none],
  ['schema-diff', 2, none],
  ['schema-diff /dev/null', 2, none],
  ['schema-diff /nonexistent/qmp.sock', 3, none],
  [`schema-diff ${SAVED} ${GONE}`, 3, none],
  [`sim --qmp ${SIMULATED}`, 0, onceItListens],
  ['sim --smp 9,maxcpus=8', 2, none],
  ['sim', 3, none],
  ['completion bash', 0, none],
  ['completion csh', 2, none],
  ['help set', 0, none],
  ['--version', 0, none],
  ['unplug 5', 2, none],
]

/** Those that read files only, beside which no address may stand. */
const OF_FILES = [`schema-diff ${SAVED} ${SAVED}`, 'typegen /nonexistent/schema.json']

test.each(RUNS)('qemu-vcpu %s ends with %i', async (line, status, scene) => {
  await using vm = await startVmOnSockets()
  const words = line.split(' ')
  const isElsewhere =
    words.includes('--qmp') || ['completion', 'help', '--version'].includes(words[0] ?? '') || OF_FILES.includes(line)
  const argv = [...words, ...(isElsewhere ? [] : vm.both)]
  const child = spawn(process.execPath, ['--import', 'tsx', BIN, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  scene(vm, () => {
    child.kill('SIGINT')
  })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  expect({ status: child.exitCode, stdout, stderr }).toMatchObject({ status })
  // What went wrong is said in one line; a hint is not that.
  const complaints = stderr.split('\n').filter((each) => each.startsWith('qemu-vcpu: '))
  expect(complaints).toHaveLength(status === 0 ? 0 : 1)
})

test('each verb is among them, with each status that it can end with', () => {
  const seen = (verb: string): readonly number[] => [
    ...new Set(RUNS.filter(([line]) => line.split(' ')[0] === verb).map(([, status]) => status)),
  ]
  for (const { name, changes } of VERBS) {
    expect(seen(name), name).toEqual(expect.arrayContaining([0, 2, 3]))
    if (changes === true) expect(seen(name), name).toEqual(expect.arrayContaining([1, 4]))
  }
})
