import { refusedByAll, type MachineConfiguration } from './configuration.ts'

const NO_MODULES = { '7.2': "Parameter 'smp.modules' is unexpected" }
const NEEDS_KVM = { '7.2': 'current -smp configuration requires kernel irqchip and X2APIC API support.' }

/** What both PC machines are built as; no two levels are the same number where it matters. */
const topologies: readonly Omit<MachineConfiguration, 'machine' | 'target'>[] = [
  { name: 'flat', smp: '2,maxcpus=8' },
  { name: 'one more only', smp: '2,maxcpus=3' },
  { name: 'flat, most of them plugged', smp: '11,maxcpus=16' },
  { name: 'sockets alone', smp: '2,sockets=6,cores=1,threads=1,maxcpus=6' },
  { name: 'threads alone', smp: '1,sockets=1,cores=1,threads=6,maxcpus=6' },
  { name: 'sockets × cores × threads', smp: '1,sockets=2,cores=3,threads=2,maxcpus=12' },
  { name: 'no power of two', smp: '4,sockets=3,cores=5,threads=3,maxcpus=45' },
  { name: 'dies', smp: '1,sockets=2,dies=2,cores=2,threads=1,maxcpus=8' },
  { name: 'dies × threads', smp: '5,sockets=2,dies=3,cores=3,threads=2,maxcpus=36' },
  { name: 'modules', smp: '1,sockets=2,modules=2,cores=2,threads=1,maxcpus=8', refused: NO_MODULES },
  { name: '255 slots', smp: '1,maxcpus=255', isLarge: true },
]

/** The same on `q35` and on `pc`. */
export const pcTopologies: readonly MachineConfiguration[] = (['q35', 'pc'] as const).flatMap((machine) =>
  topologies.map((topology) => ({ ...topology, machine, type: machine, target: 'x86_64' as const })),
)

const q35 = { machine: 'q35', type: 'q35', target: 'x86_64' } as const
const pc = { machine: 'pc', type: 'pc', target: 'x86_64' } as const

/** What is peculiar: every level at once, other CPU models, old machine types, the ends of what a PC takes. */
export const pcPeculiar: readonly MachineConfiguration[] = [
  {
    ...q35,
    name: 'every level at once',
    smp: '7,sockets=2,dies=2,modules=3,cores=3,threads=2,maxcpus=72',
    refused: NO_MODULES,
  },
  { ...q35, name: 'of an EPYC', cpu: 'EPYC', smp: '3,sockets=2,dies=2,cores=3,threads=2,maxcpus=24' },
  { ...q35, name: 'of a 486', cpu: '486', smp: '1,maxcpus=4' },
  { ...q35, type: 'pc-q35-6.1', name: 'of the type 6.1, which prefers sockets', smp: '1,maxcpus=8' },
  { ...pc, type: 'pc-i440fx-5.2', name: 'of the type 5.2, which prefers sockets', smp: '1,maxcpus=8' },
  {
    ...q35,
    name: '255 slots with gaps in the APIC ids',
    cpu: 'max',
    smp: '1,sockets=17,cores=5,threads=3,maxcpus=255',
    isLarge: true,
    refused: NEEDS_KVM,
  },
  { ...q35, name: '288 slots', cpu: 'max', smp: '1,maxcpus=288', isLarge: true, refused: NEEDS_KVM },
  {
    ...q35,
    name: '4,096 slots',
    cpu: 'max',
    smp: '1,maxcpus=4096',
    sample: 48,
    isLarge: true,
    refused: { '7.2': "Invalid SMP CPUs 4096. The max CPUs supported by machine 'pc-q35-" },
  },
  {
    ...q35,
    name: '4,096 slots on every level',
    cpu: 'max',
    smp: '1,sockets=8,dies=2,modules=2,cores=64,threads=2,maxcpus=4096',
    sample: 48,
    isLarge: true,
    refused: NO_MODULES,
  },
  {
    ...q35,
    name: '4,097 slots',
    cpu: 'max',
    smp: '1,maxcpus=4097',
    refused: refusedByAll("Invalid SMP CPUs 4097. The max CPUs supported by machine 'pc-q35-"),
  },
  {
    ...pc,
    name: '256 slots',
    cpu: 'max',
    smp: '1,maxcpus=256',
    refused: refusedByAll("Invalid SMP CPUs 256. The max CPUs supported by machine 'pc-i440fx-"),
  },
  {
    ...q35,
    name: 'clusters',
    smp: '1,sockets=2,clusters=2,cores=2,maxcpus=8',
    refused: {
      '7.2': "clusters not supported by this machine's CPU topology",
      '10.0': "clusters > 1 not supported by this machine's CPU topology",
      '11': "clusters > 1 not supported by this machine's CPU topology",
    },
  },
]
