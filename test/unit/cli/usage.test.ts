import { describe, expect, it } from 'vitest'
import { runCommand } from '../../support/run-command.ts'
import { startVm } from './cli-vm.ts'
import { expectToldToPeople, expectToldToScripts } from './expect-failure.ts'

// Nothing listens there: wrong usage is told before anything is connected.
const NOWHERE = ['--qmp', '/nonexistent/qmp.sock', '--qga', '/nonexistent/qga.sock']
const QMP_ONLY = NOWHERE.slice(0, 2)

describe.each<[code: string, message: RegExp, argv: string[]]>([
  ['ERR_CPU_ID', /"-1" is not a CPU id: ids are the integers 0 to 65535/, ['set', '-1', 'on', ...NOWHERE]],
  ['ERR_CPU_ID', /"-12" is not a CPU id/, ['set', '-12', 'on', ...NOWHERE]],
  ['ERR_CPU_ID', /"1\.5" is not a CPU id/, ['set', '1.5', 'on', ...NOWHERE]],
  ['ERR_CPU_ID', /"5\.0" is not a CPU id/, ['set', '5.0', 'on', ...NOWHERE]],
  ['ERR_CPU_ID', /"0x5" is not a CPU id/, ['set', '0x5', 'on', ...NOWHERE]],
  ['ERR_CPU_ID', /"1e1" is not a CPU id/, ['set', '1e1', 'on', ...NOWHERE]],
  ['ERR_CPU_ID', /"5,\^5" excludes every CPU that it names/, ['set', '5,^5', 'on', ...NOWHERE]],
  ['ERR_CPU_LIST', /5-3/, ['set', '5-3', 'on', ...NOWHERE]],
  ['ERR_CPU_LIST', /5-7x/, ['guest-set', '5-7x', 'on', ...NOWHERE]],
  ['ERR_CPU_ID', /"" is not a CPU id/, ['set', '', 'on', ...NOWHERE]],
  ['ERR_CPU_ID', /"65536" is not a CPU id/, ['set', '65536', 'on', ...NOWHERE]],
  ['ERR_CPU_ID', /"-1" is not a CPU id/, ['guest-set', '-1', 'off', ...NOWHERE]],
  ['ERR_CPU_ID', /"0x1" is not a CPU id/, ['guest-set', '0x1', 'off', ...NOWHERE]],
  ['ERR_STATE', /"ON" is not a state, expected on or off/, ['set', '5', 'ON', ...NOWHERE]],
  ['ERR_STATE', /"true" is not a state/, ['guest-set', '5', 'true', ...NOWHERE]],
  ['ERR_USAGE', /set: on\|off is missing/, ['set', '5', ...NOWHERE]],
  ['ERR_USAGE', /set: IDS is missing/, ['set', ...NOWHERE]],
  ['ERR_USAGE', /set: "6" is one operand too many/, ['set', '5', 'on', '6', ...NOWHERE]],
  ['ERR_USAGE', /map: "x" is one operand too many/, ['map', 'x', ...NOWHERE]],
  ['ERR_USAGE', /list: "-1" is one operand too many/, ['list', '-1', ...NOWHERE]],
  ['ERR_USAGE', /no verb given, expected one of map, list, set, guest-set/, [...NOWHERE]],
  ['ERR_USAGE', /"plug" is not a verb, expected one of map, /, ['plug', '5', ...NOWHERE]],
  ['ERR_USAGE', /"toString" is not a verb/, ['toString', ...NOWHERE]],
  ['ERR_USAGE', /"plug" is not a verb/, ['help', 'plug']],
  ['ERR_USAGE', /"lsit" is not a verb, .*; did you mean list\?/, ['lsit', ...NOWHERE]],
  ['ERR_USAGE', /there is no option "--qpm"; did you mean --qmp\?/, ['map', '--qpm', '/x']],
  ['ERR_USAGE', /there is no option "--force"/, ['set', '5', 'on', '--force', ...NOWHERE]],
  ['ERR_USAGE', /there is no option "--__proto__"/, ['map', '--__proto__', ...NOWHERE]],
  ['ERR_USAGE', /there is no option "-x"/, ['map', '-x', ...NOWHERE]],
  ['ERR_USAGE', /map does not take --whole-slot; see 'qemu-vcpu map --help'/, ['map', '--whole-slot', ...NOWHERE]],
  ['ERR_USAGE', /--whole-slot takes no value/, ['set', '5', 'on', '--whole-slot=yes', ...NOWHERE]],
  ['ERR_USAGE', /map needs --qmp PATH\|HOST:PORT/, ['map']],
  ['ERR_USAGE', /--via and --qmp both say where the monitor is/, ['map', '--via', 'x', ...NOWHERE]],
  ['ERR_USAGE', /--via is empty/, ['map', '--via', ' ']],
  ['ERR_USAGE', /completion: the shell is missing, expected one of bash, zsh, fish/, ['completion']],
  ['ERR_USAGE', /completion: "csh" is not a shell that is known here/, ['completion', 'csh']],
  ['ERR_USAGE', /completion: "x" is one operand too many/, ['completion', 'bash', 'x']],
  ['ERR_COUNT', /"-1" is not a count/, ['guest-scale', '-1', ...NOWHERE]],
  ['ERR_NO_AGENT', /guest-scale needs the guest agent/, ['guest-scale', '2', ...QMP_ONLY]],
  ['ERR_USAGE', /--qmp needs a value/, ['map', '--qmp']],
  ['ERR_USAGE', /--qmp needs a value/, ['map', '--qmp', '--qga', '/x']],
  ['ERR_NO_AGENT', /guest-set needs the guest agent: .*--qga/, ['guest-set', '1', 'on', ...QMP_ONLY]],
  ['ERR_USAGE', /set: --rollback requires --guest/, ['set', '5', 'on', '--rollback', ...NOWHERE]],
  ['ERR_USAGE', /set: --confidence requires --guest/, ['set', '5', 'on', '--confidence=exact', ...NOWHERE]],
  [
    'ERR_CONFIDENCE',
    /"sure" is not a confidence, expected one of exact, observed, computed, assumed/,
    ['set', '5', 'on', '--guest', '--confidence', 'sure', ...NOWHERE],
  ],
  ['ERR_NO_AGENT', /set --guest needs the guest agent/, ['set', '5', 'on', '--guest', ...QMP_ONLY]],
  [
    'ERR_TIMEOUT_RANGE',
    /--timeout is "0", expected a whole number of milliseconds/,
    ['map', '--timeout', '0', ...NOWHERE],
  ],
  ['ERR_TIMEOUT_RANGE', /--timeout is "-5"/, ['map', '--timeout', '-5', ...NOWHERE]],
  ['ERR_TIMEOUT_RANGE', /--timeout is "1\.5"/, ['map', '--timeout', '1.5', ...NOWHERE]],
  ['ERR_TIMEOUT_RANGE', /--timeout is "5s"/, ['map', '--timeout=5s', ...NOWHERE]],
  ['ERR_TIMEOUT_RANGE', /--timeout is ""/, ['map', '--timeout', '', ...NOWHERE]],
  ['ERR_TIMEOUT_RANGE', /--timeout is "2147483648"/, ['map', '--timeout', '2147483648', ...NOWHERE]],
  ['ERR_ADDRESS', /":4444" is not an address/, ['map', '--qmp', ':4444']],
  ['ERR_ADDRESS', /TCP address/, ['map', '--qmp', 'localhost:99999']],
  ['ERR_ADDRESS', /socket path "" has 0 bytes/, ['map', '--qmp', '']],
  ['ERR_ADDRESS', /has 201 bytes/, ['map', '--qmp', `/${'x'.repeat(200)}`]],
])('wrong usage is told as %s %s', (code, message, argv) => {
  const expected = { exit: 2, code, outcome: 'not-sent', message }

  it('to people', async () => {
    expectToldToPeople(await runCommand(argv), expected)
  })

  it('to scripts', async () => {
    expectToldToScripts(await runCommand(['--json', ...argv]), expected)
  })
})

it('tells wrong usage before it asks the VM anything', async () => {
  await using vm = startVm()
  const run = await runCommand(['set', '-1', 'on', ...vm.both])
  expect(run.code).toBe(2)
  expect(vm.qemu.commands).toEqual([])
})

it('lets no text of the command line steer the terminal', async () => {
  const run = await runCommand(['map', '--qmp', '/nonexistent/\u001b[2J\nqemu-vcpu: done'])
  expect(run.stderr).toMatch(/^qemu-vcpu: [\x20-\x7e]+\n$/)
})
