import type { QemuVersion } from '../../packages/guest-kit/src/index.ts'
import type { RecordingSpec } from './recording.ts'
import { fill, look } from './sessions/fill.ts'
import { refusals, withoutHotplug } from './sessions/refusals.ts'

const x86: readonly QemuVersion[] = ['7.2', '10.0']
const pseries = 'pseries,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken'
const filled = 'every empty slot filled in random order, query-cpus-fast after each plug'

/** Of each QEMU version, the same machines. */
function onBoth(specs: readonly Omit<RecordingSpec, 'qemu' | 'target'>[]): RecordingSpec[] {
  return x86.flatMap((qemu) => specs.map((spec) => ({ ...spec, qemu, target: 'x86_64' as const })))
}

/** The recordings of machines with nobody in them: which slots there are, and which cpu-index each one gets. */
export const machineRecordings: readonly RecordingSpec[] = [
  ...onBoth([
    { name: 'flat', smp: '2,maxcpus=8', what: `one vCPU a core; ${filled}`, session: fill({ seed: 1 }) },
    {
      name: 'pc',
      machine: 'pc',
      smp: '2,maxcpus=8',
      what: `the same on the older machine type; ${filled}`,
      session: fill({ seed: 2 }),
    },
    {
      name: 'sockets-cores-threads',
      smp: '1,sockets=2,cores=3,threads=2,maxcpus=12',
      what: `three levels, one of them no power of two; ${filled}`,
      session: fill({ seed: 3 }),
    },
    {
      name: 'dies',
      smp: '1,sockets=2,dies=2,cores=2,threads=1,maxcpus=8',
      what: `four levels; ${filled}`,
      session: fill({ seed: 4 }),
    },
    {
      name: 'numa-swapped',
      smp: '2,sockets=2,cores=3,threads=1,maxcpus=6',
      extraArgs: [
        ...['-object', 'memory-backend-ram,id=ram0,size=128M', '-numa', 'node,nodeid=0,memdev=ram0'],
        ...['-object', 'memory-backend-ram,id=ram1,size=128M', '-numa', 'node,nodeid=1,memdev=ram1'],
        ...['-numa', 'cpu,node-id=1,socket-id=0', '-numa', 'cpu,node-id=0,socket-id=1'],
      ],
      what: `node 1 owns socket 0 and node 0 owns socket 1; ${filled}`,
      session: fill({ seed: 5 }),
    },
    {
      name: 'cold-plugged',
      smp: '1,sockets=4,cores=2,threads=1,maxcpus=8',
      extraArgs: [
        ...['-device', 'qemu64-x86_64-cpu,socket-id=2,core-id=1,thread-id=0,id=cold-a'],
        ...['-device', 'qemu64-x86_64-cpu,socket-id=0,core-id=1,thread-id=0'],
      ],
      what: `two vCPUs of -device, one with an id and one without; ${filled}`,
      session: fill({ seed: 6 }),
    },
    {
      name: 'full',
      smp: '4',
      what: 'no slot is empty; one pair of queries',
      session: look,
    },
    {
      name: 'refusals',
      smp: '2,maxcpus=4',
      what: 'plugs and unplugs that QEMU refuses, and one plug that it takes',
      session: refusals,
    },
    {
      name: 'microvm',
      machine: 'microvm',
      smp: '2,maxcpus=4',
      what: 'a machine without vCPU hotplug: it refuses query-hotpluggable-cpus; 7.2 refuses device_add too, 10.0 does not',
      session: withoutHotplug,
    },
  ]),
  {
    name: 'modules',
    qemu: '10.0',
    target: 'x86_64',
    smp: '1,sockets=2,dies=1,modules=2,cores=2,threads=1,maxcpus=8',
    what: `a level that QEMU 7.2 does not know; ${filled}`,
    session: fill({ seed: 7 }),
  },
  {
    name: 'slots-255',
    qemu: '10.0',
    target: 'x86_64',
    smp: '1,maxcpus=255',
    what: 'the most slots without x2apic; every empty slot filled in random order, the vCPUs asked for at the end',
    session: fill({ seed: 8, lookAfterEach: false }),
  },
  {
    name: 'pseries',
    qemu: '7.2',
    target: 'ppc64',
    machine: pseries,
    smp: '1,maxcpus=6',
    what: `one thread a core, all that 7.2 takes under TCG; ${filled}`,
    session: fill({ seed: 9 }),
  },
  {
    name: 'pseries',
    qemu: '10.0',
    target: 'ppc64',
    machine: pseries,
    smp: '1,maxcpus=6',
    what: `one thread a core; ${filled}`,
    session: fill({ seed: 9 }),
  },
  {
    name: 'pseries-4-threads',
    qemu: '10.0',
    target: 'ppc64',
    machine: pseries,
    smp: '4,sockets=1,cores=4,threads=4,maxcpus=16',
    what: `slots of four vCPUs; ${filled}`,
    session: fill({ seed: 10 }),
  },
  {
    name: 'pseries-8-threads',
    qemu: '10.0',
    target: 'ppc64',
    machine: pseries,
    smp: '8,sockets=1,cores=4,threads=8,maxcpus=32',
    what: `slots of eight vCPUs; ${filled}`,
    session: fill({ seed: 11 }),
  },
  {
    name: 's390x',
    qemu: '7.2',
    target: 's390x',
    smp: '2,maxcpus=6',
    what: `core-ids alone; ${filled}`,
    session: fill({ seed: 12 }),
  },
  {
    name: 's390x-books-drawers',
    qemu: '10.0',
    target: 's390x',
    smp: '2,drawers=2,books=2,sockets=2,cores=2,maxcpus=16',
    what: `core-ids in sockets, books and drawers; ${filled}`,
    session: fill({ seed: 13 }),
  },
]
