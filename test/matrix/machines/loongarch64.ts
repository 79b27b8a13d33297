import type { QemuVersion } from '../../../packages/guest-kit/src/index.ts'
import { coldPlugged, node, owners, type MachineConfiguration } from './configuration.ts'

const virt = {
  machine: 'virt (loongarch64)',
  type: 'virt',
  target: 'loongarch64',
  // 7.2 has the machine without hotplug: no-hotplug.test.ts asks it.
  versions: ['10.0', '11'],
  extraArgs: ['-m', '1024'],
} as const
const CPU = 'la464-loongarch-cpu'
const twoNodes = [...node(0, { memoryMb: 512 }), ...node(1, { memoryMb: 512 }), '-m', '1024']

function refused(words: string): Readonly<Partial<Record<QemuVersion, string>>> {
  return { '10.0': words, '11': words }
}

/** Sockets, cores and threads, in the same order as on x86; dies, clusters and modules there are none. */
export const loongarch64Configurations: readonly MachineConfiguration[] = [
  { ...virt, name: 'flat', smp: '2,maxcpus=8' },
  { ...virt, name: 'one more only', smp: '2,maxcpus=3' },
  { ...virt, name: 'sockets alone', smp: '2,sockets=6,cores=1,threads=1,maxcpus=6' },
  { ...virt, name: 'threads alone', smp: '1,sockets=1,cores=1,threads=6,maxcpus=6' },
  { ...virt, name: 'sockets × cores × threads', smp: '1,sockets=2,cores=3,threads=2,maxcpus=12' },
  { ...virt, name: 'no power of two', smp: '4,sockets=3,cores=5,threads=3,maxcpus=45' },
  { ...virt, name: '255 slots', smp: '1,maxcpus=255', isLarge: true },
  { ...virt, name: '256 slots', smp: '1,maxcpus=256', isLarge: true },
  {
    ...virt,
    name: 'NUMA nodes swapped',
    smp: '2,sockets=2,cores=3,threads=1,maxcpus=6',
    extraArgs: [...twoNodes, ...owners([1, 'socket-id=0'], [0, 'socket-id=1'])],
  },
  {
    ...virt,
    name: 'cold-plugged',
    smp: '1,sockets=4,cores=2,threads=1,maxcpus=8',
    extraArgs: [
      '-m',
      '1024',
      ...coldPlugged(`${CPU},socket-id=2,core-id=1,thread-id=0,id=cold-a`, `${CPU},socket-id=0,core-id=1,thread-id=0`),
    ],
  },
  {
    ...virt,
    name: '257 slots',
    smp: '1,maxcpus=257',
    refused: refused("Invalid SMP CPUs 257. The max CPUs supported by machine 'virt"),
  },
  {
    ...virt,
    name: 'dies',
    smp: '1,sockets=2,dies=2,cores=2,threads=1,maxcpus=8',
    refused: refused("dies > 1 not supported by this machine's CPU topology"),
  },
  {
    ...virt,
    name: 'clusters',
    smp: '1,sockets=2,clusters=2,cores=2,threads=1,maxcpus=8',
    refused: refused("clusters > 1 not supported by this machine's CPU topology"),
  },
]
