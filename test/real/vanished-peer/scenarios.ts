import { setImmediate as turn } from 'node:timers/promises'
import { trueDevices, trueIndexes } from '../../oracle/vcpus.ts'
import { eventually } from '../support/eventually.ts'
import { stopProcess } from '../support/stop-process.ts'
import { loopback } from './loopback.ts'
import { said, Stage, type Said } from './stage.ts'

/** What a scenario saw, as plain data. */
export interface Seen {
  readonly said: readonly Said[]
  readonly states: readonly string[]
  /** How many `device_add` left. */
  readonly sent: number
  /** What QEMU has plugged in the end. */
  readonly plugged: readonly number[]
  /** Does the device of vCPU 5 have the id that was sent first, or a later one? */
  readonly device?: 'first' | 'last' | 'none'
}

/** Each runs in a network namespace of its own. */
export const SCENARIOS = {
  /** The command itself vanishes, and the network is back before the connection is given up. */
  'a command vanishes for a moment': async (): Promise<Seen> => {
    await using stage = await Stage.open()
    stage.onPlug = loopback.down
    const lost = await said(stage.domain.setVcpuState(5, true, { timeoutMs: 1_000 }))
    loopback.up()
    const after = await said(stage.domain.setVcpuState(5, true))
    return await seen(stage, [lost, after])
  },

  /** QEMU has the command and carries it out; its answer vanishes, and comes when the network is back. */
  'an answer vanishes for a moment': async (): Promise<Seen> => {
    await using stage = await Stage.open()
    const { pid } = stage.machine
    await stage.domain.getVcpuMap()
    let stopped: Promise<void> = Promise.resolve()
    stage.onPlug = () => {
      // SIGSTOP comes before the line is written, and takes effect before QEMU reads it.
      stopped = stopProcess(pid)
    }
    const call = said(stage.domain.setVcpuState(5, true, { timeoutMs: 5_000 }))
    await eventually('the command has left', () => Promise.resolve(stage.plugs.length > 0))
    await stopped
    await turn()
    loopback.down()
    process.kill(pid, 'SIGCONT')
    const lost = await call
    loopback.up()
    const after = await said(stage.domain.setVcpuState(5, true))
    return await seen(stage, [lost, after])
  },

  /** The network stays away until the connection is given up for what was sent on it. */
  'a command vanishes for good': async (): Promise<Seen> => {
    await using stage = await Stage.open({ reconnect: 'eager' })
    stage.onPlug = loopback.down
    const lost = await said(stage.domain.setVcpuState(5, true))
    await stage.reaches('reconnecting')
    const meanwhile = await said(stage.domain.setVcpuState(6, true, { timeoutMs: 1_000 }))
    stage.onPlug = () => undefined
    loopback.up()
    await stage.reaches('connected')
    const after = await said(stage.domain.setVcpuState(5, true))
    return await seen(stage, [lost, meanwhile, after])
  },

  /** Nothing is under way: only TCP's keep-alive can tell. QEMU holds its end open. */
  'an idle domain': async (): Promise<Seen> => {
    await using stage = await Stage.open({ reconnect: 'eager' })
    const before = await said(stage.domain.getVcpuMap())
    loopback.down()
    await stage.reaches('reconnecting')
    loopback.up()
    await stage.reaches('connected')
    const after = await said(stage.domain.setVcpuState(5, true))
    return await seen(stage, [before, after])
  },

  /** Another QEMU is there when the network is back. */
  'another QEMU': async (): Promise<Seen> => {
    await using stage = await Stage.open({ reconnect: 'eager' })
    stage.onPlug = loopback.down
    const lost = await said(stage.domain.setVcpuState(5, true))
    await stage.replaceQemu()
    stage.onPlug = () => undefined
    loopback.up()
    await eventually('the other QEMU answers', async () => (await said(stage.domain.getVcpuMap())).code === 'done')
    const after = await said(stage.domain.setVcpuState(5, true))
    return await seen(stage, [lost, after])
  },

  /** QEMU stands still for longer than it takes to ask the kernel: its host acknowledges, and it has not vanished. */
  'QEMU only hangs': async (): Promise<Seen> => {
    await using stage = await Stage.open()
    const { pid } = stage.machine
    await stage.domain.getVcpuMap()
    let stopped: Promise<void> = Promise.resolve()
    stage.onPlug = () => {
      stopped = stopProcess(pid)
    }
    const late = await said(stage.domain.setVcpuState(5, true, { timeoutMs: 22_000 }))
    await stopped
    process.kill(pid, 'SIGCONT')
    const after = await said(stage.domain.setVcpuState(5, true))
    return await seen(stage, [late, after])
  },

  /** The domain is closed with a change under way. */
  'a close': async (): Promise<Seen> => {
    await using stage = await Stage.open()
    stage.onPlug = loopback.down
    const call = said(stage.domain.setVcpuState(5, true, { timeoutMs: 600_000 }))
    await eventually('the command has left', () => Promise.resolve(stage.plugs.length > 0))
    await stage.domain.close()
    return await seen(stage, [await call, await said(stage.domain.getVcpuMap())])
  },
} as const satisfies Readonly<Record<string, () => Promise<Seen>>>

async function seen({ machine, plugs, states }: Stage, ends: readonly Said[]): Promise<Seen> {
  const path = (await trueDevices(machine)).find(({ index }) => index === 5)?.path
  const at = plugs.findIndex((id) => path === `/machine/peripheral/${id}`)
  const device = at < 0 ? 'none' : at === 0 ? 'first' : 'last'
  return { said: ends, states: [...states], sent: plugs.length, plugged: await trueIndexes(machine), device }
}
