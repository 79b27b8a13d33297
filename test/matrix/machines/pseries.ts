import { coldPlugged, node, owners, refusedByAll, type MachineConfiguration } from './configuration.ts'

// The kit's usual machine of this target is a pseries that TCG can run.
const pseries = { machine: 'pseries', target: 'ppc64' } as const
const twoNodes = [...node(0, { memoryMb: 256 }), ...node(1, { memoryMb: 256 }), '-m', '512']
const ONE_THREAD = { '7.2': 'TCG cannot support more than 1 thread/core on a pseries machine' }

/** A slot is a core: 1, 2, 4 or 8 vCPUs that come and go together. */
export const pseriesConfigurations: readonly MachineConfiguration[] = [
  { ...pseries, name: '1 thread a core', smp: '1,maxcpus=6' },
  { ...pseries, name: '1 thread a core, two sockets', smp: '2,sockets=2,cores=3,threads=1,maxcpus=6' },
  { ...pseries, name: '1 thread a core, 255 slots', smp: '1,maxcpus=255', isLarge: true },
  { ...pseries, name: '2 threads a core', smp: '2,sockets=1,cores=4,threads=2,maxcpus=8', refused: ONE_THREAD },
  {
    ...pseries,
    name: '4 threads a core',
    smp: '4,sockets=1,cores=4,threads=4,maxcpus=16',
    refused: ONE_THREAD,
  },
  {
    ...pseries,
    name: '4 threads a core, three sockets, two cores plugged',
    smp: '8,sockets=3,cores=2,threads=4,maxcpus=24',
    refused: ONE_THREAD,
  },
  {
    ...pseries,
    name: '8 threads a core',
    smp: '8,sockets=1,cores=4,threads=8,maxcpus=32',
    refused: ONE_THREAD,
  },
  {
    ...pseries,
    name: '8 threads a core, 128 vCPUs',
    smp: '8,sockets=2,cores=8,threads=8,maxcpus=128',
    refused: ONE_THREAD,
  },
  {
    ...pseries,
    name: 'NUMA nodes in turn',
    smp: '1,sockets=2,cores=2,threads=1,maxcpus=4',
    extraArgs: [...twoNodes, ...owners([1, 'core-id=0'], [0, 'core-id=1'], [1, 'core-id=2'], [0, 'core-id=3'])],
  },
  {
    ...pseries,
    name: 'NUMA nodes in turn, 4 threads a core',
    smp: '4,sockets=2,cores=2,threads=4,maxcpus=16',
    extraArgs: [...twoNodes, ...owners([1, 'core-id=0'], [0, 'core-id=4'], [1, 'core-id=8'], [0, 'core-id=12'])],
    refused: ONE_THREAD,
  },
  {
    ...pseries,
    name: 'cold-plugged',
    cpu: 'power9_v2.0',
    smp: '1,maxcpus=4',
    extraArgs: coldPlugged('power9_v2.0-spapr-cpu-core,core-id=2,id=cold-a'),
  },
  {
    ...pseries,
    name: 'cold-plugged, 4 threads a core',
    cpu: 'power9_v2.0',
    smp: '4,sockets=1,cores=4,threads=4,maxcpus=16',
    extraArgs: coldPlugged('power9_v2.0-spapr-cpu-core,core-id=8'),
    refused: ONE_THREAD,
  },
  {
    ...pseries,
    name: '3 threads a core',
    smp: '3,sockets=1,cores=4,threads=3,maxcpus=12',
    refused: {
      ...refusedByAll('Cannot support 3 threads/core on a pseries machine because it must be a power of 2'),
      ...ONE_THREAD,
    },
  },
  {
    ...pseries,
    name: 'half a core plugged',
    smp: '2,sockets=1,cores=4,threads=4,maxcpus=16',
    refused: { ...refusedByAll('smp_cpus (2) must be multiple of threads (4)'), ...ONE_THREAD },
  },
]
