import { connect } from 'node:net'
import { bootGuest, ensureGuestImage, resolveQemu, startMachine } from '../../../packages/guest-kit/src/index.ts'
import { SimulatedVm } from '../../../src/testing/index.ts'
import { progress } from '../support.ts'
import { Conversation } from './conversation.ts'
import type { DifferentialMachine } from './sequence.ts'

/** The QEMUs, and agents, that are compared. */
export type Version = '10.0' | '11'

/** A machine on both sides, with nothing in it that has run (`-S`). */
export interface Pair extends AsyncDisposable {
  readonly qemuVersion: string
  readonly real: () => Conversation
  readonly simulated: () => Conversation
}

/** Start a machine twice: as a QEMU, and as the simulation of that QEMU's version. */
export async function startPair(machine: DifferentialMachine, version: Version): Promise<Pair> {
  const { target, type, smp, kind, shape } = machine
  const qemu = await resolveQemu(version, target, progress)
  const started = await startMachine({ qemu, machine: type, smp, paused: true })
  const vm = new SimulatedVm({
    machine: { ...shape, kind, version: started.qemuVersion, paused: true, bootable: false },
    accelerator: 'tcg',
    agent: false,
  })
  return {
    qemuVersion: started.qemuVersion,
    real: () => new Conversation(connect(started.qmpPath)),
    simulated: () => new Conversation(vm.qmp()),
    [Symbol.asyncDispose]: async () => {
      await started.stop()
      await vm[Symbol.asyncDispose]()
    },
  }
}

/** The same with a guest that has booted, and its agent. */
export interface GuestPair extends Pair {
  readonly realAgent: () => Conversation
  readonly simulatedAgent: () => Conversation
}

/** As many as all sequences plug: under TCG QEMU does not survive more than these. */
const MAXCPUS = 120

/** Boot a guest of Linux 6.1 in a QEMU with the agent of that version, and simulate the same. */
export async function bootPair(version: Version): Promise<GuestPair> {
  const qemu = await resolveQemu(version, 'x86_64', progress)
  const image = await ensureGuestImage({ arch: 'x86_64', kernel: '6.1', agent: version }, progress)
  const booted = await bootGuest({ qemu, image, smp: `2,maxcpus=${MAXCPUS}` })
  const vm = new SimulatedVm({
    machine: {
      kind: 'x86',
      version: booted.qemuVersion,
      bootVcpus: 2,
      maxcpus: MAXCPUS,
      // Under TCG (docs/wire-notes.md).
      ownDeviceDeleted: version === '11' ? 'next-plug' : 'never',
    },
    accelerator: 'tcg',
    agent: { version: booted.qemuVersion },
  })
  return {
    qemuVersion: booted.qemuVersion,
    real: () => new Conversation(connect(booted.qmpPath)),
    simulated: () => new Conversation(vm.qmp()),
    realAgent: () => new Conversation(connect(booted.qgaPath)),
    simulatedAgent: () => new Conversation(vm.qga()),
    [Symbol.asyncDispose]: async () => {
      await booted.stop()
      await vm[Symbol.asyncDispose]()
    },
  }
}
