import type { Verb } from '../verb.ts'

/** `qemu-vcpu sim`: a simulated VM behind the sockets of a monitor and an agent. */
export const simVerb: Verb = {
  name: 'sim',
  operands: [],
  summary: 'serve a simulated VM, for tests in any language',
  details: `Listens at --qmp as QEMU's monitor does and, where --qga is given, as the agent's
channel, until it is interrupted (SIGINT, SIGTERM) or a client sends 'quit'. Plugs
and unplugs vCPUs, with the events and refusals of a real QEMU 10.0; its guest
turns on no CPU by itself and gives each one that is unplugged. Prints one line, or
with --json one document, as soon as both listen:
  {"machine":"q35","vcpus":2,"maxcpus":8,"qmp":"/tmp/qmp.sock","qga":null}
Port 0 is any free one, which that line names. A socket file that was left behind is
replaced; where something listens nothing is touched, and the status is 3. At the
end the socket files are removed. --via and --timeout are not for this verb.`,
  options: {
    machine: { type: 'string', value: 'TYPE', help: 'q35 (the default), pc, pseries or s390-ccw-virtio' },
    smp: { type: 'string', value: 'SMP', help: "as QEMU's -smp: 2,maxcpus=8 (the default), sockets=, cores=, …" },
  },
  changes: false,
  needsAgent: false,
  load: () => import('../runs/sim.ts'),
}
