import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SimulatedAgent, SimulatedQemu, type SimulatedQemuOptions } from '../../../src/testing/index.ts'
import { addressOf } from '../../support/addresses-in-memory.ts'
import { testClock } from '../../support/passing-clock.ts'

/** A simulated VM, and the arguments by which the command reaches it. */
export interface CliVm extends AsyncDisposable {
  readonly qemu: SimulatedQemu
  readonly agent: SimulatedAgent
  /** `--qmp PATH`. */
  readonly qmp: readonly [string, string]
  /** `--qmp PATH --qga PATH`. */
  readonly both: readonly [string, string, string, string]
}

/** Eight slots, two of them plugged. */
const SMALL: SimulatedQemuOptions = { kind: 'x86', bootVcpus: 2, maxcpus: 8 }

/** A VM in this process and in virtual time, for {@link runCommand}. */
export function startVm(options: SimulatedQemuOptions = SMALL): CliVm {
  const qemu = new SimulatedQemu(options, { clock: testClock() })
  const agent = new SimulatedAgent(qemu.guest)
  return cliVm(
    qemu,
    agent,
    addressOf(() => qemu.connect()),
    addressOf(() => agent.connect()),
  )
}

/** A VM whose monitor and agent listen on sockets, for a command that is a process of its own. */
export async function startVmOnSockets(options: SimulatedQemuOptions = SMALL): Promise<CliVm> {
  const folder = await mkdtemp(join(tmpdir(), 'qemu-vcpu-cli-'))
  const qemu = new SimulatedQemu(options)
  const agent = new SimulatedAgent(qemu.guest)
  const [qmpPath, qgaPath] = [join(folder, 'qmp.sock'), join(folder, 'qga.sock')]
  await qemu.listen(qmpPath)
  await agent.listen(qgaPath)
  return cliVm(qemu, agent, qmpPath, qgaPath, () => rm(folder, { recursive: true }))
}

function cliVm(
  qemu: SimulatedQemu,
  agent: SimulatedAgent,
  qmpPath: string,
  qgaPath: string,
  onEnd: () => Promise<void> = () => Promise.resolve(),
): CliVm {
  return {
    qemu,
    agent,
    qmp: ['--qmp', qmpPath],
    both: ['--qmp', qmpPath, '--qga', qgaPath],
    [Symbol.asyncDispose]: async () => {
      await qemu[Symbol.asyncDispose]()
      await agent[Symbol.asyncDispose]()
      await onEnd()
    },
  }
}
