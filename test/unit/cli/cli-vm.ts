import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SimulatedAgent, SimulatedQemu, type SimulatedQemuOptions } from '../../../src/testing/index.ts'

/** A simulated VM whose monitor and agent listen on real sockets. */
export interface CliVm extends AsyncDisposable {
  readonly qemu: SimulatedQemu
  readonly agent: SimulatedAgent
  /** A folder of its own. */
  readonly folder: string
  /** `--qmp PATH`. */
  readonly qmp: readonly [string, string]
  /** `--qmp PATH --qga PATH`. */
  readonly both: readonly [string, string, string, string]
}

/** Eight slots, two of them plugged: unless told otherwise. */
export async function startVm(
  options: SimulatedQemuOptions = { kind: 'x86', bootVcpus: 2, maxcpus: 8 },
): Promise<CliVm> {
  const folder = await mkdtemp(join(tmpdir(), 'qemu-vcpu-cli-'))
  const qemu = new SimulatedQemu(options)
  const agent = new SimulatedAgent(qemu.guest)
  const [qmpPath, qgaPath] = [join(folder, 'qmp.sock'), join(folder, 'qga.sock')]
  await qemu.listen(qmpPath)
  await agent.listen(qgaPath)
  return {
    qemu,
    agent,
    folder,
    qmp: ['--qmp', qmpPath],
    both: ['--qmp', qmpPath, '--qga', qgaPath],
    [Symbol.asyncDispose]: async () => {
      await qemu[Symbol.asyncDispose]()
      await agent[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}
