// `map --qga` and `list --qga` of a VM whose agent did not answer printed nothing but an error: QEMU's half went with it.
// Seen on a simulated agent. What must end: a part that cannot be read takes with it what could be.
import { describe, expect, test } from 'vitest'
import { addressOf } from '../support/addresses-in-memory.ts'
import { runCommand } from '../support/run-command.ts'
import { startVm } from '../unit/cli/cli-vm.ts'
import { documentOf } from '../unit/cli/expect-failure.ts'

const QEMU = { online: '0-1', onlinable: '2-7', offlinable: '1', possible: '0-7' }
const NOT_KNOWN = { id: null, online: null, confidence: 'unknown' }

type Vm = Awaited<ReturnType<typeof startVm>>

function noSocket(): never {
  throw new Error('connect ENOENT')
}

const failing: readonly (readonly [what: string, fail: (vm: Vm) => readonly string[], code: string, exit: number])[] = [
  [
    'mute',
    (vm) => {
      vm.agent.silent = true
      return [...vm.both, '--timeout', '500']
    },
    'ERR_NO_AGENT_ANSWER',
    3,
  ],
  [
    'without guest-get-vcpus',
    (vm) => {
      vm.agent.onCommand('guest-get-vcpus', () => {
        throw new Error('no such command')
      })
      return vm.both
    },
    'ERR_COMMAND',
    1,
  ],
  ['whose socket is missing', (vm) => [...vm.qmp, '--qga', addressOf(noSocket)], 'ERR_CONNECT', 3],
]

describe.each(failing)('an agent that is %s', (_, fail, code, exit) => {
  test('map', async () => {
    await using vm = startVm()
    const args = fail(vm)
    const run = await runCommand(['map', '--json', ...args])
    expect(run.code).toBe(exit)
    expect(documentOf(run)).toMatchObject({ qemu: QEMU, agent: null, error: { code, outcome: 'not-sent' } })
    expect(run.stderr).toMatch(/^qemu-vcpu: .+\n$/)
    const text = await runCommand(['map', ...args])
    expect(text.code).toBe(exit)
    expect(text.stdout).toContain('QEMU  online')
    expect(text.stdout).toContain('0  #+......')
  })

  test('list', async () => {
    await using vm = startVm()
    const args = fail(vm)
    const run = await runCommand(['list', '--json', ...args])
    expect(run.code).toBe(exit)
    const document = documentOf(run) as { vcpus: { online: boolean; guest: unknown }[]; error: unknown }
    expect(document).toMatchObject({ error: { code, outcome: 'not-sent' } })
    expect(document.vcpus).toHaveLength(8)
    for (const { online, guest } of document.vcpus) expect(guest).toEqual(online ? NOT_KNOWN : null)
    expect((await runCommand(['list', ...args])).stdout).toContain('not known')
  })

  test('watch --json', async () => {
    await using vm = startVm()
    const interruption = new AbortController()
    let printed = ''
    const run = await runCommand(['watch', '--json', ...fail(vm)], {
      signal: interruption.signal,
      stdout: (text) => {
        printed += text
        interruption.abort()
      },
    })
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(printed)).toMatchObject({ type: 'snapshot', qemu: QEMU, agent: null, error: { code } })
  })
})
