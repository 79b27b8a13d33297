import { describe, expect, it } from 'vitest'
import { Refusal, type SimulatedQemuOptions } from '../../../src/testing/index.ts'
import { BARE_PLUG } from '../../../src/cli/hints.ts'
import { runCommand } from '../../support/run-command.ts'
import { startVm, type CliVm } from './cli-vm.ts'
import { documentOf, expectToldToPeople } from './expect-failure.ts'

const PSERIES: SimulatedQemuOptions = { kind: 'pseries', bootVcpus: 4, maxcpus: 16, threads: 4 }
const TWO_SOCKETS: SimulatedQemuOptions = { kind: 'x86', bootVcpus: 2, sockets: 2, cores: 4 }

/** The changes that QEMU was asked for. */
function asked({ qemu }: CliVm): string[] {
  return qemu.commands.map(({ command }) => command).filter((command) => command.startsWith('device_'))
}

/** Refuses every `device_add` from the `nth` on. */
function refusePlugs({ qemu }: CliVm, nth: number): void {
  let count = 0
  qemu.onCommand('device_add', (_, usual) => {
    count++
    if (count >= nth) throw new Refusal('no room')
    return usual()
  })
}

describe('scale --dry-run', () => {
  it('shows the steps with their reasons, and sends nothing', async () => {
    await using vm = startVm()
    await runCommand(['set', '3', 'on', ...vm.qmp])
    const run = await runCommand(['scale', '5', '--dry-run', ...vm.qmp])
    expect(run).toEqual({
      code: 0,
      stderr: '',
      stdout: `from 3 to 5 vCPUs

step  do    vCPU  because
   1  plug  2     lowest free slot
   2  plug  4     lowest free slot
`,
    })
    expect(asked(vm)).toEqual(['device_add'])
  })

  it('is one document for scripts', async () => {
    await using vm = startVm(PSERIES)
    expect(documentOf(await runCommand(['scale', '12', '--dry-run', '--json', ...vm.qmp]))).toEqual({
      changed: '',
      outcome: 'not-sent',
      online: 4,
      plan: {
        from: 4,
        to: 12,
        steps: [
          { id: 4, ids: '4-7', online: true, reason: 'lowest free slot' },
          { id: 8, ids: '8-11', online: true, reason: 'lowest free slot' },
        ],
      },
    })
    expect(asked(vm)).toEqual([])
  })

  it('takes a policy', async () => {
    await using vm = startVm(TWO_SOCKETS)
    const run = await runCommand(['scale', '3', '--dry-run', '--policy', 'spread-sockets', ...vm.qmp])
    expect(run.stdout).toMatch(/ plug {2}4 {5}socket 1 is the emptiest with a free slot \(0 plugged\)\n$/)
  })

  it('has nothing to do', async () => {
    await using vm = startVm()
    const run = await runCommand(['scale', '2', '--dry-run', ...vm.qmp])
    expect(run).toMatchObject({ code: 0, stdout: '2 vCPUs plugged already; nothing to do\n' })
  })

  it('says that nothing was sent, whatever goes wrong', async () => {
    await using vm = startVm()
    vm.qemu.onCommand('query-cpus-fast', () => new Promise(() => undefined))
    const run = await runCommand(['scale', '3', '--dry-run', '--json', '--timeout', '200', ...vm.qmp])
    expect(run.code).toBe(4)
    expect(documentOf(run)).toMatchObject({ error: { code: 'ERR_TIMEOUT', outcome: 'not-sent' } })
  })
})

describe('scale', () => {
  it('reaches the count, up and down, and tells each step in a log', async () => {
    await using vm = startVm()
    expect(await runCommand(['scale', '5', ...vm.qmp])).toEqual({
      code: 0,
      stdout: 'plugged vCPU 2-4; 5 vCPUs are plugged now\n',
      stderr:
        '1/3 vCPU 2 plugged, 3 in all: lowest free slot\n' +
        '2/3 vCPU 3 plugged, 4 in all: lowest free slot\n' +
        '3/3 vCPU 4 plugged, 5 in all: lowest free slot\n' +
        `hint: ${BARE_PLUG}\n`,
    })
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1, 2, 3, 4])
    expect(await runCommand(['scale', '1', ...vm.qmp])).toMatchObject({
      code: 0,
      stdout: 'unplugged vCPU 1-4; 1 vCPU is plugged now\n',
    })
    expect(vm.qemu.pluggedVcpus).toEqual([0])
  })

  it('tells scripts in one document, and nothing beside it', async () => {
    await using vm = startVm()
    const run = await runCommand(['scale', '5', '--json', ...vm.qmp])
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(run.stdout).toMatch(/^\{"changed":"2-4","outcome":"done","online":5,"plan":\{"from":2,"to":5,/)
    expect(documentOf(run)).toMatchObject({ plan: { steps: { length: 3 } } })
  })

  it('writes one line over and over on a terminal, no wider than it, and leaves it empty', async () => {
    await using vm = startVm()
    const io = { stderrIsTerminal: true, columns: 24 }
    const run = await runCommand(['scale', '4', ...vm.qmp], io)
    expect(run.stderr.split('\r')).toEqual([
      '',
      '1/2 plugging vCPU 2: lo\u001b[K',
      '1/2 vCPU 2 plugged, 3 i\u001b[K',
      '2/2 plugging vCPU 3: lo\u001b[K',
      '2/2 vCPU 3 plugged, 4 i\u001b[K',
      `\u001b[Khint: ${BARE_PLUG}\n`,
    ])
    const dumb = await runCommand(['scale', '5', ...vm.qmp], { ...io, env: { TERM: 'dumb' } })
    expect(dumb.stderr).toBe(`1/1 vCPU 4 plugged, 5 in all: lowest free slot\nhint: ${BARE_PLUG}\n`)
    const json = await runCommand(['scale', '6', '--json', ...vm.qmp], io)
    expect(json.stderr).toBe('')
  })

  it('sends nothing when the count is right', async () => {
    await using vm = startVm()
    expect(await runCommand(['scale', '2', ...vm.qmp])).toEqual({
      code: 0,
      stdout: '2 vCPUs are plugged already; nothing sent\n',
      stderr: '',
    })
    expect(asked(vm)).toEqual([])
  })

  it('carries each step through into the guest with --guest', async () => {
    await using vm = startVm()
    const run = await runCommand(['scale', '4', '--guest', '--json', ...vm.both])
    expect(documentOf(run)).toMatchObject({ changed: '2-3', outcome: 'done' })
    const agent = documentOf(await runCommand(['map', '--json', ...vm.both]))
    expect(agent).toMatchObject({ qemu: { online: '0-3' }, agent: { online: '0-3' } })
  })

  it('moves whole slots without being told to', async () => {
    await using vm = startVm(PSERIES)
    expect(documentOf(await runCommand(['scale', '8', '--json', ...vm.qmp]))).toMatchObject({
      changed: '4-7',
      online: 8,
    })
  })
})

describe('scale that cannot', () => {
  it.each([
    ['6', 4, 8, /the next slot holds 4 vCPUs, which move as one; nearest: 4 and 8/],
    ['17', 16, null, /this machine has slots for 16; nearest: 16/],
    ['0', null, 4, /vCPU 0-3 cannot be unplugged; nearest: 4/],
  ])('reach %s names the nearest counts', async (count, nearestBelow, nearestAbove, message) => {
    await using vm = startVm(PSERIES)
    const run = await runCommand(['scale', count, '--json', ...vm.qmp])
    expect(run.code).toBe(1)
    expect(documentOf(run)).toStrictEqual({
      error: {
        code: 'ERR_NOT_REACHABLE',
        message: expect.stringMatching(message) as unknown,
        outcome: 'not-sent',
        nearestBelow,
        nearestAbove,
      },
    })
    expect(asked(vm)).toEqual([])
  })

  it.each([
    [['scale'], 'ERR_USAGE', /scale: N is missing/],
    [['scale', '3', '4'], 'ERR_USAGE', /"4" is one operand too many/],
    [['scale', '-1'], 'ERR_COUNT', /"-1" is not a count of vCPUs, expected a whole number from 0 to 65536/],
    [['scale', '1.5'], 'ERR_COUNT', /"1.5" is not a count/],
    [['scale', '65537'], 'ERR_COUNT', /"65537" is not a count/],
    [['scale', '3', '--policy', 'packed'], 'ERR_POLICY', /"packed" is not a policy, expected one of lowest, /],
    [['scale', '3', '--guest'], 'ERR_NO_AGENT', /scale --guest needs the guest agent/],
    [['scale', '3', '--whole-slot'], 'ERR_USAGE', /scale does not take --whole-slot/],
  ])('%j is wrong usage', async (argv, code, message) => {
    await using vm = startVm()
    expectToldToPeople(await runCommand([...argv, ...vm.qmp]), { exit: 2, code, outcome: 'not-sent', message })
    expect(vm.qemu.commands).toEqual([])
  })
})

describe('scale that fails in the middle', () => {
  it('tells exactly what was changed, and leaves it', async () => {
    await using vm = startVm()
    refusePlugs(vm, 3)
    const run = await runCommand(['scale', '7', '--json', ...vm.qmp])
    expect(run.code).toBe(1)
    expect(documentOf(run)).toStrictEqual({
      error: {
        code: 'ERR_SCALE_INCOMPLETE',
        message: 'could not plug vCPU 4: device_add: no room; changed: 2-3; not tried: 5-6',
        outcome: 'partial',
        changed: '2-3',
        inDoubt: '',
        rolledBack: '',
        failed: '4',
        notTried: '5-6',
        cause: { code: 'ERR_COMMAND', message: 'device_add: no room', outcome: 'rejected' },
      },
    })
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1, 2, 3])
  })

  it('undoes it with --rollback', async () => {
    await using vm = startVm()
    refusePlugs(vm, 3)
    const run = await runCommand(['scale', '7', '--rollback', ...vm.qmp])
    expect(run).toMatchObject({ code: 1, stdout: '' })
    expect(run.stderr.split('\n').slice(2)).toEqual([
      'vCPU 3 unplugged again, 3 in all',
      'vCPU 2 unplugged again, 2 in all',
      'qemu-vcpu: could not plug vCPU 4: device_add: no room; changed: none; rolled back: 2-3; not tried: 5-6',
      '',
    ])
    expect(vm.qemu.pluggedVcpus).toEqual([0, 1])
  })

  it('says that a step of which the time ran out is unknown', async () => {
    await using vm = startVm()
    await runCommand(['scale', '4', ...vm.qmp])
    vm.qemu.guest.onUnplug = 'ignore'
    const run = await runCommand(['scale', '1', '--json', '--timeout', '300', ...vm.qmp])
    expect(run.code).toBe(4)
    expect(documentOf(run)).toMatchObject({
      error: { outcome: 'unknown', changed: '', failed: '3', notTried: '1-2', cause: { code: 'ERR_TIMEOUT' } },
    })
  })

  it('tells a lost connection by its own exit code, and what had been changed', async () => {
    await using vm = startVm()
    let count = 0
    vm.qemu.onCommand('device_add', (_, usual) => {
      count++
      if (count === 1) return usual()
      vm.qemu.kill()
      return new Promise(() => undefined)
    })
    const run = await runCommand(['scale', '4', '--json', ...vm.qmp])
    expect(run.code).toBe(3)
    expect(documentOf(run)).toMatchObject({ error: { outcome: 'unknown', changed: '2', inDoubt: '3', failed: '3' } })
  })

  it.each([
    ['the first step', 1, '', '2', 'none; in doubt: 2'],
    ['a later step', 2, '2', '3', '2; in doubt: 3'],
  ])('tells what had been changed when it is interrupted in %s', async (_, nth, changed, inDoubt, words) => {
    await using vm = startVm()
    const interruption = new AbortController()
    let count = 0
    vm.qemu.onCommand('device_add', (__, usual) => {
      count++
      if (count < nth) return usual()
      interruption.abort()
      return new Promise(() => undefined)
    })
    const run = await runCommand(['scale', '5', '--rollback', '--json', ...vm.qmp], { signal: interruption.signal })
    expect(run.code).toBe(4)
    expect(documentOf(run)).toStrictEqual({
      error: { code: 'ERR_ABORTED', message: `interrupted; changed: ${words}`, outcome: 'unknown', changed, inDoubt },
    })
    expect(asked(vm)).toHaveLength(nth)
  })
})
