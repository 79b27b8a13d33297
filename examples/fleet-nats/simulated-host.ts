// A process that stands for a host: simulated VMs, a Domain for each, and the daemon over them. Started by run.ts.
//   simulated-host.ts HOST SERVER VMS
import { connect } from '@nats-io/transport-node'
import { CpuMap, Domain, systemClock } from 'qemu-vcpu'
import { SimulatedVm, type SimulatedVmOptions } from 'qemu-vcpu/testing'
import { addEndpoint, serveHost } from './serve-host.ts'
import { readVmRequest, type TruthReply } from './wire.ts'

const [host = '', servers = '', count = ''] = process.argv.slice(2)

/** VMs of one to four vCPUs. The guest of the last but one refuses each plug; that of the last takes an hour over one. */
function optionsOf(index: number, vms: number): SimulatedVmOptions {
  return {
    machine: { kind: 'x86', bootVcpus: 1 + (index % 4), maxcpus: 8 },
    clock: systemClock,
    seed: index + 1,
    ...(index === vms - 2 ? { guest: { onPlug: 'refuse' } as const } : {}),
    ...(index === vms - 1 ? { timing: { listing: [3_600_000, 3_600_000] } } : {}),
  }
}

const vms = new Map<string, SimulatedVm>()
const domains = new Map<string, Domain>()
for (let index = 0; index < Number(count); index++) {
  const name = `${host}-vm${String(index).padStart(2, '0')}`
  const vm = new SimulatedVm(optionsOf(index, Number(count)))
  vms.set(name, vm)
  domains.set(name, await Domain.connect({ qmp: vm.qmp, qga: vm.qga, name }))
}

const nats = await connect({ servers, name: host, reconnect: false })
const service = await serveHost(nats, host, domains)
addEndpoint(service, host, 'truth', (request): Promise<TruthReply> => {
  const { slots = [], requests = [] } = vms.get(readVmRequest(request).vm)?.truth() ?? {}
  const plugged = slots.filter(({ device }) => device !== undefined)
  return Promise.resolve({
    online: String(CpuMap.from(plugged.flatMap(({ vcpus }) => vcpus.map(({ id }) => id)))),
    plugs: requests.filter(({ command }) => command === 'device_add').length,
  })
})
await nats.flush()
process.send?.('ready')

// It ends with the process that started it, and with its server.
process.once('disconnect', () => process.exit())
await nats.closed()
process.exit()
