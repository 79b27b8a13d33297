// examples/tls.ts on a real QEMU that wants certificates of its clients. The certificates are made here.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { onlineOverTls, overTls } from '../../examples/tls.ts'
import { resolveQemu, startMachine, type Machine, type QemuVersion } from '../../packages/guest-kit/src/index.ts'
import { Domain } from '../../src/index.ts'
import { trueIndexes } from '../oracle/vcpus.ts'
import { Certificates, type Credentials } from './support/certificates.ts'

let directory = ''
let qemuDirectory = ''
let house: Buffer
let foreign: Buffer
const clients = new Map<string, Credentials>()

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vcpu-pki-'))
  const made = new Certificates(directory)
  house = await made.authority('house')
  foreign = await made.authority('foreign')
  await made.leaf({ name: 'server', by: 'house', usage: 'serverAuth', days: 30 })
  const leaves = [
    { name: 'client', by: 'house', days: 30 },
    { name: 'expired', by: 'house', days: -1 },
    { name: 'stranger', by: 'foreign', days: 30 },
  ]
  for (const leaf of leaves) clients.set(leaf.name, await made.leaf({ ...leaf, usage: 'clientAuth' }))
  qemuDirectory = await made.forQemu('house', 'server')
})
afterAll(() => rm(directory, { recursive: true }))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

let port = 0

async function startSecure(version: QemuVersion): Promise<Machine> {
  port = await freePort()
  return startMachine({
    qemu: await resolveQemu(version, 'x86_64', console.error),
    smp: '2,maxcpus=8',
    paused: true,
    extraArgs: [
      ...['-object', `tls-creds-x509,id=tls0,dir=${qemuDirectory},endpoint=server,verify-peer=on`],
      ...['-chardev', `socket,id=secure,host=127.0.0.1,port=${port},server=on,wait=off,tls-creds=tls0`],
      ...['-mon', 'chardev=secure,mode=control'],
    ],
  })
}

/** The options of a client that presents these credentials, or none. */
function as(name = ''): ConnectionOptions {
  return { host: '127.0.0.1', port, ca: house, ...clients.get(name) }
}

/** 7.2 reads one byte, and does not notice that TLS has decrypted those behind it (docs/wire-notes.md). */
const DEAF = { code: 'ERR_MONITOR_HANGS', message: expect.stringMatching(/greeted, but did not answer/) as string }

describe.each<QemuVersion>(['7.2', '10.0', '11'])('QEMU %s', (version) => {
  test('a client with a certificate; others are refused, in words, and are no obstacle', async () => {
    await using machine = await startSecure(version)
    expect(machine.qemuVersion.startsWith(version)).toBe(true)
    const expectAccepted = (): Promise<void> =>
      version === '7.2'
        ? expect(onlineOverTls(as('client'))).rejects.toMatchObject(DEAF)
        : expect(onlineOverTls(as('client'))).resolves.toBe('0-1')
    await expectAccepted()
    const refusal = (who: string) => ({
      name: 'ConnectionError',
      code: 'ERR_CONNECT',
      message: expect.stringMatching(
        new RegExp(`QEMU closed the connection and did not greet: does it accept ${who}`),
      ) as string,
    })
    await expect(onlineOverTls(as('expired'))).rejects.toMatchObject(refusal('the certificate of expired, valid to'))
    await expect(onlineOverTls(as('stranger'))).rejects.toMatchObject(refusal('the certificate of stranger, valid to'))
    await expect(onlineOverTls(as())).rejects.toMatchObject(refusal('a client without a certificate'))
    await expect(onlineOverTls({ ...as('client'), ca: foreign })).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      message: expect.stringMatching(/unable to verify the first certificate$/) as string,
    })
    await expect(onlineOverTls({ ...as('client'), servername: 'other.example' })).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      message: expect.stringMatching(/does not match certificate's altnames/) as string,
    })
    await expectAccepted()
  })
})

test('a plug, a connection that is lost and made again, and QEMU’s end', async () => {
  await using machine = await startSecure('11')
  const dial = overTls(as('client'))
  const sockets: TLSSocket[] = []
  await using vm = await Domain.connect({
    qmp: async () => {
      const socket = await dial()
      sockets.push(socket)
      return socket
    },
  })
  await vm.setVcpuState(5, true)
  expect(await trueIndexes(machine)).toEqual([0, 1, 5])
  const states = vm.states()
  sockets[0]?.destroy()
  for await (const { state } of states) if (state === 'reconnecting') break
  expect(String(await vm.getVcpuMap())).toBe('0-1,5')
  expect(sockets).toHaveLength(2)

  // Another client waits for its turn behind this one; QEMU does not even answer its handshake.
  await expect(onlineOverTls(as('client'))).rejects.toMatchObject({ code: 'ERR_CONNECT' })
  await machine.stop()
  await expect(vm.getVcpuMap()).rejects.toMatchObject({ name: 'ConnectionError' })
  expect(sockets.every(({ destroyed }) => destroyed)).toBe(true)
})
