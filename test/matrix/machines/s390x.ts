import { coldPlugged, node, refusedByAll, type MachineConfiguration } from './configuration.ts'

const s390x = { machine: 's390-ccw-virtio', target: 's390x' } as const
const CPU = 'qemu-s390x-cpu'
const NO_BOOKS = { '7.2': "Parameter 'smp.books' is unexpected" }

/** A core-id is the cpu-index, wherever in books and drawers the core sits. */
export const s390xConfigurations: readonly MachineConfiguration[] = [
  { ...s390x, name: 'flat', smp: '2,maxcpus=6' },
  { ...s390x, name: 'sockets', smp: '2,sockets=2,cores=3,maxcpus=6' },
  { ...s390x, name: 'books', smp: '2,books=3,sockets=2,cores=2,maxcpus=12', refused: NO_BOOKS },
  {
    ...s390x,
    name: 'books and drawers',
    smp: '2,drawers=2,books=2,sockets=2,cores=2,maxcpus=16',
    refused: NO_BOOKS,
  },
  {
    ...s390x,
    name: 'books and drawers, no power of two',
    smp: '5,drawers=2,books=3,sockets=2,cores=3,maxcpus=36',
    refused: NO_BOOKS,
  },
  { ...s390x, name: '248 slots', smp: '1,maxcpus=248', isLarge: true },
  {
    ...s390x,
    name: 'cold-plugged',
    smp: '2,maxcpus=6',
    extraArgs: coldPlugged(`${CPU},core-id=4,id=cold-a`, `${CPU},core-id=2`),
  },
  {
    ...s390x,
    name: 'cold-plugged into another book and drawer',
    smp: '1,drawers=2,books=2,sockets=2,cores=2,maxcpus=16',
    extraArgs: coldPlugged(`${CPU},core-id=9,drawer-id=0,book-id=1,socket-id=1,id=cold-a`),
    refused: NO_BOOKS,
  },
  {
    ...s390x,
    name: '249 slots',
    smp: '1,maxcpus=249',
    refused: refusedByAll("Invalid SMP CPUs 249. The max CPUs supported by machine 's390-ccw-virtio-"),
  },
  {
    ...s390x,
    name: 'threads',
    smp: '2,threads=2,cores=3,maxcpus=6',
    refused: refusedByAll('S390 does not support more than 1 threads.'),
  },
  {
    ...s390x,
    name: 'NUMA',
    smp: '2,sockets=2,cores=2,maxcpus=4',
    extraArgs: [...node(0), ...node(1)],
    refused: refusedByAll('NUMA is not supported by this machine-type'),
  },
]
