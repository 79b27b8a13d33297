// The command, as npm puts it into `node_modules/.bin`, over sockets.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { SimulatedVm } from 'qemu-vcpu/testing'

const command = fileURLToPath(new URL('../node_modules/.bin/qemu-vcpu', import.meta.url))
// Its first line looks for `node`: the one that runs this.
const env = { PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}` }
const run = (...args) => promisify(execFile)(command, args, { env })

test('--version', async () => {
  const manifest = createRequire(import.meta.url).resolve('qemu-vcpu/package.json')
  const { version } = JSON.parse(await readFile(manifest, 'utf8'))
  assert.equal((await run('--version')).stdout, `${version}\n`)
})

test('map, set and a refusal', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'qemu-vcpu-'))
  const vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 4 } })
  const qmp = join(directory, 'qmp.sock')
  const qga = join(directory, 'qga.sock')
  const listeners = [await vm.qemu.listen(qmp), await vm.agent.listen(qga)]
  try {
    const { stdout } = await run('map', '--json', '--qmp', qmp, '--qga', qga)
    const { qemu, agent } = JSON.parse(stdout)
    assert.deepEqual(qemu, { online: '0-1', onlinable: '2-3', offlinable: '1', possible: '0-3' })
    assert.equal(agent.online, '0-1')
    assert.equal(JSON.parse((await run('set', '3', 'on', '--json', '--qmp', qmp)).stdout).changed, '3')
    await assert.rejects(run('set', '0', 'off', '--json', '--qmp', qmp), ({ code, stdout: said }) => {
      assert.equal(code, 1)
      assert.match(JSON.parse(said).error.code, /^ERR_/)
      return true
    })
  } finally {
    for (const listener of listeners) await listener.close()
    await vm[Symbol.asyncDispose]()
    await rm(directory, { recursive: true })
  }
})
