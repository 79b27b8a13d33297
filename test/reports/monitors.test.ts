// Reports of monitors that are late, held by another, of another kind, or that end in the middle.
import { link, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Domain } from '../../src/index.ts'
import { hang, memoryPair } from '../../src/testing/index.ts'
import { testClock } from '../support/passing-clock.ts'
import { vm } from '../support/simulated-vm.ts'
import { rejectionOf } from './rejection.ts'
import { ScriptedPeer } from '../unit/wire/scripted-peer.ts'

const GREETING = '{"QMP":{"version":{"qemu":{"major":9,"minor":0,"micro":0},"package":""},"capabilities":["oob"]}}\r\n'
const SLOT =
  '{"props":{"core-id":0,"socket-id":0,"thread-id":0},"vcpus-count":1,"type":"t","qom-path":"/machine/unattached/device[0]"}'
const CPU =
  '{"thread-id":1,"props":{"core-id":0,"socket-id":0,"thread-id":0},"qom-path":"/machine/unattached/device[0]","cpu-index":0,"target":"x86_64"}'
const EVENT = (name: string, data: string) =>
  `{"timestamp":{"seconds":1,"microseconds":2},"event":"${name}","data":${data}}\r\n`

/** Answers what a reading of the slots asks for; `before` goes out before the reply to a command. */
async function answer(peer: ScriptedPeer, before: Readonly<Record<string, string>> = {}): Promise<never> {
  for (;;) {
    const { execute, id } = await peer.command()
    const replies: Readonly<Record<string, string>> = {
      'query-hotpluggable-cpus': `[${SLOT}]`,
      'query-cpus-fast': `[${CPU}]`,
    }
    peer.say(before[execute] ?? '')
    peer.say(`{"return":${replies[execute] ?? '{}'},"id":${JSON.stringify(id)}}\r\n`)
  }
}

async function connect(peer: ScriptedPeer, timeoutMs = 5_000): Promise<Domain> {
  return Domain.connect({ qmp: peer.near, clock: testClock(), timeoutMs })
}

describe('events come when they like', () => {
  // https://github.com/kata-containers/govmm/pull/90
  test('before the greeting', async () => {
    const peer = new ScriptedPeer()
    peer.say(`${EVENT('VSERPORT_CHANGE', '{"id":"channel0","open":false}')}${GREETING}`)
    void answer(peer)
    await using domain = await connect(peer)
    expect(String(await domain.getVcpuMap('online'))).toBe('0')
  })

  // https://github.com/digitalocean/go-qemu/pull/210
  test('in the middle of the negotiation, where none is taken for the reply', async () => {
    const peer = new ScriptedPeer()
    peer.say(GREETING)
    const nic = EVENT('NIC_RX_FILTER_CHANGED', '{"name":"net0","path":"/machine/peripheral/net0/virtio-backend"}')
    void answer(peer, { qmp_capabilities: `${EVENT('RTC_CHANGE', '{"offset":1}')}${nic}` })
    await using domain = await connect(peer)
    expect(String(await domain.getVcpuMap('possible'))).toBe('0')
  })
})

describe('another client has the monitor', () => {
  // https://github.com/kata-containers/runtime/issues/535
  test('and is just leaving: the greeting comes late, within the time-out', async () => {
    const peer = new ScriptedPeer()
    testClock().after(1_500, () => {
      peer.say(GREETING)
    })
    void answer(peer)
    await using domain = await connect(peer)
    expect(String(await domain.getVcpuMap('online'))).toBe('0')
  })

  // https://github.com/kata-containers/kata-containers/issues/6381
  test('and stays: it ends by the time-out and says who probably has it', async () => {
    const error = await rejectionOf(connect(new ScriptedPeer()))
    expect(error.message).toContain('another client')
    expect(error).toMatchObject({ name: 'ConnectionError' })
  })
})

// https://github.com/kata-containers/kata-containers/pull/9604 and https://github.com/GNS3/gns3-server/issues/1605
test('the address is that of the human monitor: it is named', async () => {
  const peer = new ScriptedPeer()
  peer.say("QEMU 8.2.2 monitor - type 'help' for more information\r\n(qemu) ")
  const error = await rejectionOf(connect(peer))
  expect(error.message).toMatch(/human monitor|HMP|type 'help'/)
})

// https://github.com/os-autoinst/os-autoinst/pull/1520 and https://github.com/hyperhq/hyperd/issues/14
test('QEMU has gone and left its socket behind: the path, and that it was refused', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'report-'))
  try {
    const [path, served] = [join(directory, 'qmp.sock'), join(directory, 'served.sock')]
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(served, resolve))
    // A server that is closed takes its file away; another name of it stays, as the file of a QEMU that was killed does.
    await link(served, path)
    await new Promise((resolve) => server.close(resolve))
    const error = await rejectionOf(Domain.connect({ qmp: path, timeoutMs: 60_000 }))
    expect(error).toMatchObject({ code: 'ERR_CONNECT' })
    expect(error.message).toContain(path)
    expect(`${error.message}: ${String(error.cause)}`).toMatch(/refused/i)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

// https://github.com/lxc/incus/issues/3558
test('QEMU stands still after the negotiation: the command that got no answer is named', async () => {
  const { qemu, domain } = await vm()
  qemu.onCommand('query-hotpluggable-cpus', hang)
  qemu.onCommand('query-cpus-fast', hang)
  const error = await rejectionOf(domain.getVcpuMap('online', { timeoutMs: 5_000 }))
  expect(error).toMatchObject({ code: 'ERR_TIMEOUT' })
  expect(error.message).toMatch(/query-(?:hotpluggable-cpus|cpus-fast)/)
})

// https://github.com/virtio-win/kvm-guest-drivers-windows/issues/195
test('QEMU ends at a plug: lost, and whether it was plugged is not known', async () => {
  const { qemu, domain } = await vm()
  qemu.onCommand('device_add', () => {
    qemu.kill()
    return new Promise(() => undefined)
  })
  const error = await rejectionOf(domain.setVcpuState(2, true))
  expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', outcome: 'unknown' })
})

// https://github.com/BassT23/Proxmox/issues/296 and https://github.com/danobi/vmtest/issues/17
test('the agent is not up yet: QEMU’s half is read, and the agent is named as the one that is silent', async () => {
  const { domain } = await vm({}, {}, { qga: memoryPair()[0] })
  expect(String(await domain.getVcpuMap('online'))).toBe('0-1')
  const error = await rejectionOf(domain.getVcpuMap('agent-online', { timeoutMs: 5_000 }))
  expect(error.message).toContain('agent')
})
