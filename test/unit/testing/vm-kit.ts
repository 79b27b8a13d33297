import { QgaClient } from '../../../src/qga/index.ts'
import { CommandError, QmpClient, type QmpEvent } from '../../../src/qmp/index.ts'
import { SimulatedVm, VirtualClock, type SimulatedVmOptions } from '../../../src/testing/index.ts'

/** The monitor's client goes by the system's clock: a VM that hangs is for the test to notice. */
const PATIENT = { timeoutMs: 60_000 }

/** A q35 with two vCPUs of eight over a virtual clock, unless told otherwise. */
export function timedVm(options: Partial<SimulatedVmOptions> = {}) {
  const clock = new VirtualClock()
  const vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 }, clock, ...options })
  return { clock, vm, run: <T>(promise: Promise<T>) => clock.run(promise) }
}

/** A client of its monitor, with all events that it has heard. */
export async function monitorOf({ vm, run }: ReturnType<typeof timedVm>) {
  const client = await run(QmpClient.connect(vm.qmp(), PATIENT))
  const heard: QmpEvent[] = []
  void (async () => {
    for await (const event of client.events()) heard.push(event)
  })()
  return {
    client,
    heard,
    names: () => heard.map(({ event }) => event),
    add: (id: number, deviceId: string) => run(client.execute('device_add', { ...slot(id), id: deviceId })),
    del: (deviceId: string) => run(client.execute('device_del', { id: deviceId })),
    status: async () => (await run(client.execute('query-status'))).status,
  }
}

export const agentOf = ({ clock, vm, run }: ReturnType<typeof timedVm>) => run(QgaClient.connect(vm.qga(), { clock }))

export const slot = (id: number) => ({
  driver: 'qemu64-x86_64-cpu',
  'socket-id': 0,
  'core-id': id,
  'thread-id': 0,
})

/** The guest's CPUs by vCPU: logical id and whether it is online. */
export function guestCpus(vm: SimulatedVm) {
  return vm
    .truth()
    .slots.flatMap(({ vcpus }) => vcpus)
    .flatMap(({ id, guest }) => (guest === undefined ? [] : [[id, guest.logicalId, guest.online] as const]))
}

/** vCPUs that are plugged. */
export function plugged(vm: SimulatedVm) {
  return vm.truth().slots.flatMap(({ device, vcpus }) => (device === undefined ? [] : vcpus.map(({ id }) => id)))
}

export async function failure(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    (value) => ({ resolved: value }),
    (reason: unknown) => reason,
  )
  return error instanceof CommandError ? `${error.errorClass}: ${error.description}` : error
}
