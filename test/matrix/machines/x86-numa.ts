import { coldPlugged, emptyNodes, node, owners, type MachineConfiguration } from './configuration.ts'

const CPU = 'qemu64-x86_64-cpu'
const twoNodes = [...node(0), ...node(1)]

/** NUMA: the order of the nodes is not the order of the sockets, and a node may own any part. */
const nodes: readonly Omit<MachineConfiguration, 'machine' | 'target'>[] = [
  {
    name: 'NUMA nodes swapped',
    smp: '2,sockets=2,cores=3,threads=1,maxcpus=6',
    extraArgs: [...twoNodes, ...owners([1, 'socket-id=0'], [0, 'socket-id=1'])],
  },
  {
    name: 'NUMA nodes swapped, by cpu-index',
    smp: '2,sockets=2,cores=4,threads=1,maxcpus=8',
    extraArgs: [...node(0, { cpus: '4-7' }), ...node(1, { cpus: '0-3' })],
  },
  {
    name: 'NUMA nodes in turn, core by core',
    smp: '1,sockets=2,cores=2,threads=1,maxcpus=4',
    extraArgs: [
      ...twoNodes,
      ...owners([0, 'socket-id=0,core-id=0'], [1, 'socket-id=0,core-id=1']),
      ...owners([0, 'socket-id=1,core-id=0'], [1, 'socket-id=1,core-id=1']),
    ],
  },
  {
    name: 'two threads of a core in two NUMA nodes',
    smp: '1,sockets=1,cores=2,threads=2,maxcpus=4',
    extraArgs: [
      ...twoNodes,
      ...owners([1, 'socket-id=0,core-id=0,thread-id=0'], [0, 'socket-id=0,core-id=0,thread-id=1']),
      ...owners([1, 'socket-id=0,core-id=1']),
    ],
  },
  {
    name: 'four NUMA nodes, none in its place, two without memory',
    smp: '1,sockets=4,cores=2,threads=1,maxcpus=8',
    extraArgs: [
      ...twoNodes,
      ...emptyNodes(2, 3),
      ...owners([3, 'socket-id=0'], [1, 'socket-id=1'], [2, 'socket-id=2'], [0, 'socket-id=3']),
    ],
  },
  {
    name: 'a NUMA node without vCPUs',
    smp: '1,sockets=2,cores=2,threads=1,maxcpus=4',
    extraArgs: [...twoNodes, ...owners([1, 'socket-id=0'], [1, 'socket-id=1'])],
  },
]

/** `-device` puts vCPUs anywhere before the first query, with an id and without. */
const cold: readonly Omit<MachineConfiguration, 'machine' | 'target'>[] = [
  {
    name: 'cold-plugged',
    smp: '1,sockets=4,cores=2,threads=1,maxcpus=8',
    extraArgs: coldPlugged(
      `${CPU},socket-id=2,core-id=1,thread-id=0,id=cold-a`,
      `${CPU},socket-id=0,core-id=1,thread-id=0`,
    ),
  },
  {
    name: 'cold-plugged, the last one first',
    smp: '1,sockets=2,dies=2,cores=2,threads=2,maxcpus=16',
    extraArgs: coldPlugged(
      `${CPU},socket-id=1,die-id=1,core-id=1,thread-id=1`,
      `${CPU},socket-id=0,die-id=1,core-id=0,thread-id=1,id=cold-a`,
      `${CPU},socket-id=0,die-id=0,core-id=0,thread-id=1`,
    ),
  },
  {
    name: 'cold-plugged into swapped NUMA nodes',
    smp: '1,sockets=2,cores=3,threads=1,maxcpus=6',
    extraArgs: [
      ...twoNodes,
      ...owners([1, 'socket-id=0'], [0, 'socket-id=1']),
      ...coldPlugged(`${CPU},socket-id=1,core-id=2,thread-id=0,node-id=0`),
    ],
  },
]

/** The same on `q35` and on `pc`. */
export const pcNodes: readonly MachineConfiguration[] = (['q35', 'pc'] as const).flatMap((machine) =>
  [...nodes, ...cold].map((one) => ({ ...one, machine, type: machine, target: 'x86_64' as const })),
)
