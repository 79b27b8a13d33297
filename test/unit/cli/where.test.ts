import { expect, it } from 'vitest'
import { ManualClock } from '../../support/manual-clock.ts'
import { runCommand, type CliRun } from '../../support/run-command.ts'
import { startVmOnSockets } from './cli-vm.ts'
import { documentOf } from './expect-failure.ts'

it('takes the addresses from the environment, and rather from the options', async () => {
  await using vm = await startVmOnSockets()
  const [, qmp, , qga] = vm.both
  const env = { QEMU_VCPU_QMP: qmp, QEMU_VCPU_QGA: qga }
  expect(documentOf(await runCommand(['map', '--json'], { env }))).toMatchObject({
    qemu: { online: '0-1' },
    agent: { online: '0-1' },
  })
  const wrong = { QEMU_VCPU_QMP: '/nonexistent/qmp.sock', QEMU_VCPU_QGA: '' }
  expect(documentOf(await runCommand(['map', '--json', ...vm.qmp], { env: wrong }))).toMatchObject({ agent: null })
  expect(documentOf(await runCommand(['guest-set', '1', 'off', '--json'], { env }))).toMatchObject({ changed: '1' })
})

it("understands QEMU's own spellings", async () => {
  await using vm = await startVmOnSockets()
  const run = await runCommand(['map', '--json', '--qmp', `unix:${vm.qmp[1]},server=on,wait=off`])
  expect(documentOf(run)).toMatchObject({ qemu: { online: '0-1' } })
})

/** A program that joins its standard input and output to a socket. */
function relay(path: string, lines = Infinity): string {
  const script = `
    const socket = require('net').connect(process.argv[1])
    let left = Number(process.argv[2])
    process.stdin.pipe(socket)
    socket.on('data', (data) => {
      process.stdout.write(data)
      left -= String(data).split('\\n').length - 1
      if (left <= 0) process.exit(0)
    })
    socket.on('close', () => process.exit(0))`
  return `'${process.execPath}' -e '${script.replaceAll("'", '"')}' '${path}' ${lines}`
}

/** Time stands still: what a program takes on a slow day is not in the test. */
function runVia(argv: readonly string[], program: string): Promise<CliRun> {
  return runCommand([...argv, '--json', '--via', program], { clock: new ManualClock() })
}

it('reaches the monitor through a program', async () => {
  await using vm = await startVmOnSockets()
  const run = await runVia(['set', '5', 'on'], relay(vm.qmp[1]))
  expect(documentOf(run)).toMatchObject({ changed: '5', outcome: 'done' })
  expect(vm.qemu.pluggedVcpus).toEqual([0, 1, 5])
})

it('says so when the program ends', async () => {
  const run = await runVia(['map'], 'exit 3')
  expect(run.code).toBe(3)
  expect(documentOf(run)).toMatchObject({ error: { outcome: 'not-sent' } })
})

it('ends a program that does not end by itself', async () => {
  const run = await runVia(['map'], 'echo nonsense; exec sleep 1000')
  expect(run.code).toBe(3)
  expect(documentOf(run)).toMatchObject({ error: { outcome: 'not-sent' } })
})
