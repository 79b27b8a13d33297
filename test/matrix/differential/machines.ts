import type { DifferentialMachine } from './sequence.ts'

export const Q35: DifferentialMachine = {
  name: 'q35',
  target: 'x86_64',
  type: 'q35',
  smp: '2,maxcpus=8',
  kind: 'x86',
  shape: { bootVcpus: 2, maxcpus: 8 },
}

export const I440FX: DifferentialMachine = {
  name: 'i440fx',
  target: 'x86_64',
  type: 'pc',
  smp: '1,maxcpus=4',
  kind: 'x86',
  shape: { pc: 'i440fx', bootVcpus: 1, maxcpus: 4 },
}

export const DEEP: DifferentialMachine = {
  name: 'q35, sockets × dies × threads',
  target: 'x86_64',
  type: 'q35',
  smp: '2,sockets=2,dies=2,cores=3,threads=2,maxcpus=24',
  kind: 'x86',
  shape: { bootVcpus: 2, sockets: 2, dies: 2, cores: 3, threads: 2 },
}

export const PSERIES: DifferentialMachine = {
  name: 'pseries',
  target: 'ppc64',
  // TCG has none of the mitigations that pseries asks for by default.
  type: 'pseries,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken',
  smp: '4,sockets=1,cores=4,threads=4,maxcpus=16',
  kind: 'pseries',
  shape: { bootVcpus: 4, threads: 4, maxcpus: 16 },
}

export const S390X: DifferentialMachine = {
  name: 's390x',
  target: 's390x',
  type: 's390-ccw-virtio',
  smp: '2,maxcpus=6',
  kind: 's390x',
  shape: { bootVcpus: 2, maxcpus: 6 },
}

export const LOONGARCH64: DifferentialMachine = {
  name: 'loongarch64',
  target: 'loongarch64',
  type: 'virt',
  smp: '2,maxcpus=8',
  kind: 'loongarch64',
  shape: { bootVcpus: 2, maxcpus: 8 },
}
