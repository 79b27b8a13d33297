// examples/fleet-nats: the whole of it with its processes, and its errors one by one. The server is Debian's, on loopback.
import { connect } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/nats-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Fleet } from '../../examples/fleet-nats/fleet.ts'
import { startServer } from '../../examples/fleet-nats/nats-server.ts'
import { runFleet } from '../../examples/fleet-nats/run.ts'
import { serveHost } from '../../examples/fleet-nats/serve-host.ts'
import { SERVICE, subjectOf, TransportError } from '../../examples/fleet-nats/wire.ts'
import { CpuMap, Domain } from '../../src/index.ts'
import { hang, SimulatedVm } from '../../src/testing/index.ts'

/** Twenty processes start on as few cores as the host has. */
const FENCE_MS = 600_000
const ASK_MS = 60_000

test(
  '20 hosts, 1,000 maps, a hundred VMs scaled, and a host that is killed in the middle',
  { timeout: FENCE_MS },
  async () => {
    const lines: string[] = []
    const report = await runFleet({}, (line) => lines.push(line))
    const { hosts, maps, scaled, killed, dead, before, after } = report

    // Every map is what its VM really had.
    expect(hosts).toHaveLength(20)
    expect(maps.size).toBe(1_000)
    expect(before.size).toBe(1_000)
    for (const [vm, { online, plugs }] of before) {
      expect(maps.get(vm), vm).toBe(online)
      expect(plugs).toBe(0)
    }
    expect(new Set(maps.values())).toEqual(new Set(['0', '0-1', '0-2', '0-3']))

    // The dead host is named, and no other.
    expect(dead).toEqual([{ host: killed, code: 'ERR_HOST_GONE' }])
    expect(report.namedAfterMs).toBeGreaterThan(0)

    // Each VM that was asked for is counted once.
    expect(scaled).toHaveLength(100)
    expect(new Set(scaled.map(({ vm }) => vm)).size).toBe(100)
    const ofDead = scaled.filter(({ host }) => host === killed)
    const ofLiving = scaled.filter(({ host }) => host !== killed)
    expect(ofDead).toHaveLength(5)
    expect(ofDead.filter(({ result }) => result === 'done')).not.toEqual([])
    const unknown = scaled.filter(({ result }) => result === 'unknown')
    expect(unknown.map(({ vm }) => vm)).toContain(`${killed}-vm49`)
    expect(unknown.every(({ host }) => host === killed)).toBe(true)
    for (const { error } of unknown) {
      expect(error).toBeInstanceOf(TransportError)
      expect(error).toMatchObject({ code: 'ERR_HOST_GONE', outcome: 'unknown' })
    }

    // An error of a Domain comes over the wire with its code and its outcome.
    const refused = scaled.filter(({ result }) => result === 'refused')
    expect(refused.map(({ vm, error }) => [vm, error?.name, error?.code, error?.outcome])).toEqual([
      ['h00-vm48', 'HostError', 'ERR_SCALE_INCOMPLETE', 'rejected'],
    ])
    expect(scaled.length).toBe(
      ['done', 'refused', 'unknown'].reduce(
        (sum, what) => sum + scaled.filter(({ result }) => result === what).length,
        0,
      ),
    )

    // On the hosts that live exactly the VMs asked for were scaled, each once.
    expect(after.size).toBe(950)
    const asked = new Map(ofLiving.map((each) => [each.vm, each]))
    for (const [vm, { online, plugs }] of after) {
      const request = asked.get(vm)
      if (request?.result === 'done') {
        expect(CpuMap.parse(online).size, vm).toBe(request.count)
        expect(String(CpuMap.parse(online).difference(CpuMap.parse(before.get(vm)?.online ?? ''))), vm).toBe(
          request.changed,
        )
        expect(plugs, vm).toBe(CpuMap.parse(request.changed).size)
      } else {
        expect(online, vm).toBe(before.get(vm)?.online)
        // What the guest refused was plugged, and undone.
        expect(plugs, vm).toBe(request === undefined ? 0 : 1)
      }
    }
    expect(lines).toContainEqual(expect.stringMatching(/^1000 maps, .*p50 [\d.]+ ms, p99 [\d.]+ ms$/))
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^host ${killed} is dead .* named \\d+ ms after`)))
  },
)

async function clientOf(url: string): Promise<NatsConnection> {
  const nats = await connect({ servers: url, reconnect: false })
  onTestFinished(() => nats.close())
  return nats
}

/** A host with one VM, in this process, and a client. */
async function oneHost() {
  const server = await startServer()
  onTestFinished(() => server[Symbol.asyncDispose]())
  const vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 1, maxcpus: 4 } })
  const domain = await Domain.connect({ qmp: vm.qmp, qga: vm.qga })
  onTestFinished(() => domain.close())
  const hostNats = await clientOf(server.url)
  await serveHost(hostNats, 'h1', new Map([['vm1', domain]]))
  await hostNats.flush()
  const nats = await clientOf(server.url)
  const fleet = new Fleet(nats)
  onTestFinished(() => fleet[Symbol.asyncDispose]())
  expect(await fleet.discover()).toEqual(['h1'])
  const requests = (): number => vm.truth().requests.length
  return { server, vm, hostNats, nats, fleet, requests }
}

describe('a request', () => {
  test('with an id that was carried out is answered from memory, also while it is under way', async () => {
    const { vm, fleet, requests } = await oneHost()
    const both = [1, 2].map(() => fleet.scale('h1', 'vm1', 3, 'a', ASK_MS))
    expect(await Promise.all(both)).toEqual([
      { changed: '1-2', online: 3 },
      { changed: '1-2', online: 3 },
    ])
    vm.other.unplug(2)
    expect(await fleet.scale('h1', 'vm1', 3, 'a', ASK_MS)).toEqual({ changed: '1-2', online: 3 })
    expect(requests()).toBe(3)
  })

  test('with an id of another change is refused', async () => {
    const { fleet, requests } = await oneHost()
    await fleet.scale('h1', 'vm1', 2, 'a', ASK_MS)
    await expect(fleet.scale('h1', 'vm1', 3, 'a', ASK_MS)).rejects.toMatchObject({
      ...{ name: 'HostError', code: 'ERR_REQUEST_ID', outcome: 'not-sent' },
    })
    expect(requests()).toBe(1)
  })

  test('that a Domain refuses has its code and outcome', async () => {
    const { fleet } = await oneHost()
    await expect(fleet.scale('h1', 'vm1', 99, 'a', ASK_MS)).rejects.toMatchObject({
      ...{ name: 'HostError', code: 'ERR_NOT_REACHABLE', outcome: 'not-sent', host: 'h1' },
      document: { name: 'NotReachableError', nearestBelow: 4 },
    })
  })

  test.each([['{'], ['null'], ['{"vm":1}'], ['{"vm":"vm1","count":"2","id":"a"}'], ['{"vm":"vm1","count":2}']])(
    'that is %s is refused',
    async (text) => {
      const { nats, requests } = await oneHost()
      const reply = await nats.request(subjectOf('h1', 'scale'), text, { timeout: ASK_MS })
      expect(reply.headers?.get('Nats-Service-Error-Code')).toBe('400')
      expect(reply.json()).toMatchObject({ code: 'ERR_REQUEST', outcome: 'not-sent' })
      expect(requests()).toBe(0)
    },
  )

  test('about a VM, or of a host, that is not there', async () => {
    const { fleet } = await oneHost()
    await expect(fleet.ask('h1', 'map', 'vm2', ASK_MS)).rejects.toMatchObject({ name: 'HostError', code: 'ERR_NO_VM' })
    await expect(fleet.ask('h2', 'map', 'vm1', ASK_MS)).rejects.toMatchObject({
      ...{ name: 'TransportError', code: 'ERR_NO_HOST', outcome: 'not-sent' },
    })
  })

  test('to a host that has left since is not sent', async () => {
    const { fleet, hostNats } = await oneHost()
    await hostNats.drain()
    await expect(fleet.scale('h1', 'vm1', 2, 'a', ASK_MS)).rejects.toMatchObject({
      ...{ name: 'TransportError', code: 'ERR_NO_HOST', outcome: 'not-sent' },
    })
  })

  test('that runs out of time is unknown, and is not sent again', async () => {
    const { vm, fleet, requests } = await oneHost()
    vm.agent?.onCommand('guest-set-vcpus', hang)
    await expect(fleet.scale('h1', 'vm1', 2, 'a', 500)).rejects.toMatchObject({
      ...{ name: 'TransportError', code: 'ERR_NO_ANSWER', outcome: 'unknown' },
    })
    expect(requests()).toBe(1)
  })
})

test('a host that keeps its subscriptions and answers nothing any more is named too', async () => {
  const { server, nats } = await oneHost()
  const mute = await clientOf(server.url)
  const identity = JSON.stringify({ name: SERVICE, id: 'MUTE', version: '1.0.0', metadata: { host: 'h9' } })
  mute.subscribe(`$SRV.PING.${SERVICE}`, { callback: (_, message) => void message.respond(identity) })
  mute.subscribe(`$SRV.PING.${SERVICE}.MUTE`)
  mute.subscribe(subjectOf('h9', 'map'))
  await mute.flush()
  await using fleet = new Fleet(nats)
  expect(await fleet.discover()).toEqual(['h1', 'h9'])
  await expect(fleet.ask('h9', 'map', 'vm1', ASK_MS)).rejects.toMatchObject({
    code: 'ERR_HOST_SILENT',
    outcome: 'unknown',
  })
  expect(fleet.dead).toEqual([{ host: 'h9', code: 'ERR_HOST_SILENT' }])
  expect(await fleet.ask('h1', 'map', 'vm1', ASK_MS)).toEqual({ online: '0' })
})
