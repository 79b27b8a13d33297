import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { access, readdir, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { runCommand } from '../../../support/run-command.ts'
import { documentOf } from '../expect-failure.ts'
import { BIN, socketFolder, startSim } from './start-sim.ts'

/** A client that knows nothing of this package: a bare socket, and lines that are written by hand. */
async function bareClient(path: string) {
  const socket = connect(path)
  onTestFinished(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => JSON.parse(String((await lines.next()).value)) as unknown
  const send = (line: string) => socket.write(`${line}\n`)
  return { next, send, socket }
}

const ADD =
  '{"execute":"device_add","arguments":{"id":"c5","driver":"qemu64-x86_64-cpu","socket-id":1,"core-id":1,"thread-id":0}}'

test('a bare socket plugs and unplugs', async () => {
  const qmp = join(await socketFolder(), 'qmp.sock')
  const sim = await startSim(['--smp', '2,maxcpus=8,sockets=2', '--qmp', qmp])
  expect(sim.line).toBe(`simulated q35 with 2 of 8 vCPUs: QMP at ${qmp}`)
  const client = await bareClient(qmp)
  expect(await client.next()).toMatchObject({ QMP: { version: { qemu: { major: 10 } }, capabilities: ['oob'] } })
  client.send('{"execute":"qmp_capabilities"}')
  expect(await client.next()).toEqual({ return: {} })
  client.send(ADD)
  const seen = [await client.next(), await client.next()]
  expect(seen).toContainEqual({ return: {} })
  expect(seen).toContainEqual(expect.objectContaining({ event: 'ACPI_DEVICE_OST' }))
  client.send(ADD)
  expect(await client.next()).toMatchObject({ error: { class: 'GenericError' } })
  client.send('{"execute":"query-cpus-fast","id":"q"}')
  expect(await client.next()).toMatchObject({
    id: 'q',
    return: [{ 'cpu-index': 0 }, { 'cpu-index': 1 }, { 'cpu-index': 5 }],
  })
  client.send('{"execute":"device_del","arguments":{"id":"c5"}}')
  let message: unknown
  do message = await client.next()
  while (!/DEVICE_DELETED.*"device":"c5"/.test(JSON.stringify(message)))
  client.socket.destroy()
  const map = await runCommand(['map', '--json', '--qmp', qmp])
  expect(documentOf(map)).toMatchObject({ qemu: { online: '0-1', onlinable: '2-7' }, agent: null })
  sim.kill('SIGTERM')
  expect(await sim.ended).toEqual({ code: 0, stderr: '' })
})

test.each(['SIGINT', 'SIGTERM'] as const)('serves both sides until %s, and leaves no file', async (signal) => {
  const folder = await socketFolder()
  const [qmp, qga] = [join(folder, 'qmp.sock'), join(folder, 'qga.sock')]
  const sim = await startSim(['--json', '--qmp', `unix:${qmp},server=on,wait=off`, '--qga', qga])
  expect(JSON.parse(sim.line ?? '')).toEqual({ machine: 'q35', vcpus: 2, maxcpus: 8, qmp, qga })
  // As a process of its own, since it goes by real time.
  const set = ['set', '5', 'on', '--guest', '--json', '--qmp', qmp, '--qga', qga]
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', BIN, ...set])
  expect(JSON.parse(stdout)).toMatchObject({ changed: '5', outcome: 'done' })
  // A client that stays does not hold it up.
  const client = await bareClient(qmp)
  await client.next()
  sim.kill(signal)
  expect(await sim.ended).toEqual({ code: 0, stderr: '' })
  expect(await readdir(folder)).toEqual([])
})

test('ends with QEMU, when a client sends quit', async () => {
  const folder = await socketFolder()
  const sim = await startSim(['--qmp', join(folder, 'qmp.sock')])
  const client = await bareClient(join(folder, 'qmp.sock'))
  client.send('{"execute":"qmp_capabilities"}')
  client.send('{"execute":"quit"}')
  expect(await sim.ended).toEqual({ code: 0, stderr: '' })
  expect(await readdir(folder)).toEqual([])
})

test('ends also while a client does not read', async () => {
  const folder = await socketFolder()
  const sim = await startSim(['--smp', '2,maxcpus=4096', '--qmp', join(folder, 'qmp.sock')])
  const socket = connect(join(folder, 'qmp.sock'))
  onTestFinished(() => {
    socket.destroy()
  })
  await once(socket, 'readable')
  socket.pause()
  socket.write('{"execute":"qmp_capabilities"}\n')
  // Each answer is half a megabyte: the first already fills the socket.
  for (let i = 0; i < 8; i++) socket.write('{"execute":"query-hotpluggable-cpus"}\n')
  // Served by the same loop, behind what was asked there.
  const other = connect(join(folder, 'qmp.sock'))
  await once(other, 'connect')
  other.destroy()
  sim.kill('SIGTERM')
  expect(await sim.ended).toEqual({ code: 0, stderr: '' })
  expect(await readdir(folder)).toEqual([])
})

test('takes any free port, and says which', async () => {
  const sim = await startSim([
    '--machine',
    'pseries',
    '--smp',
    '4,maxcpus=16,threads=4',
    '--json',
    '--qmp',
    '127.0.0.1:0',
  ])
  const { qmp } = JSON.parse(sim.line ?? '') as { qmp: string }
  expect(qmp).toMatch(/^127\.0\.0\.1:[1-9]\d+$/)
  expect(documentOf(await runCommand(['map', '--json', '--qmp', qmp]))).toMatchObject({
    qemu: { online: '0-3', onlinable: '4-15' },
  })
  sim.kill('SIGTERM')
  expect((await sim.ended).code).toBe(0)
})

test('touches nothing where something listens, on either side', async () => {
  const folder = await socketFolder()
  const [taken, free] = [join(folder, 'taken.sock'), join(folder, 'free.sock')]
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(taken, resolve))
  onTestFinished(() => {
    server.close()
  })
  for (const places of [
    ['--qmp', taken],
    ['--qmp', free, '--qga', taken],
    ['--qmp', free, '--qga', free],
  ]) {
    const run = await runCommand(['sim', '--json', ...places])
    expect(run.code).toBe(3)
    expect(documentOf(run)).toMatchObject({
      error: { code: 'ERR_CONNECT', message: expect.stringContaining('something listens there already') as unknown },
    })
    expect(await readdir(folder)).toEqual(['taken.sock'])
  }
})

test('replaces a socket file that was left behind, and no other file', async () => {
  const folder = await socketFolder()
  const [left, file] = [join(folder, 'left.sock'), join(folder, 'notes.txt')]
  const killed = await startSim(['--qmp', left])
  killed.kill('SIGKILL')
  await killed.ended
  await access(left)
  const sim = await startSim(['--qmp', left])
  expect(sim.line).toContain(left)
  sim.kill('SIGTERM')
  expect((await sim.ended).code).toBe(0)
  await writeFile(file, 'mine')
  const run = await runCommand(['sim', '--qmp', file])
  expect(run.code).toBe(3)
  expect(run.stderr).toContain('there is a file that is not a socket')
  expect(await readdir(folder)).toEqual(['notes.txt'])
})

test('a name of a file forges no second line', async () => {
  const qmp = join(await socketFolder(), 'a\nsimulated b\u001b[31m.sock')
  const interruption = new AbortController()
  let printed = ''
  const stdout = (text: string): void => {
    printed += text
    interruption.abort()
  }
  expect((await runCommand(['sim', '--qmp', qmp], { stdout, signal: interruption.signal })).code).toBe(0)
  expect(printed.split('\n')).toHaveLength(2)
  expect(printed).not.toContain('\u001b')
})

const PYTHON = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); f = s.makefile('rw')
def ask(line):
    f.write(line + '\\n'); f.flush()
    while True:
        answer = json.loads(f.readline())
        if 'event' not in answer: return answer
f.readline()
ask('{"execute":"qmp_capabilities"}')
print(json.dumps(ask(sys.argv[2])))
print(len(ask('{"execute":"query-cpus-fast"}')['return']))
`

const python = await promisify(execFile)('python3', ['--version']).then(
  () => ['python3'],
  () => [],
)

test('a client in Python plugs, where there is one', async () => {
  const qmp = join(await socketFolder(), 'qmp.sock')
  const sim = await startSim(['--smp', '2,maxcpus=8,sockets=2', '--qmp', qmp])
  for (const program of python) {
    const { stdout } = await promisify(execFile)(program, ['-c', PYTHON, qmp, ADD])
    expect(stdout).toBe('{"return": {}}\n3\n')
  }
  sim.kill('SIGTERM')
  expect((await sim.ended).code).toBe(0)
})
