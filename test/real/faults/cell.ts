import { expect } from 'vitest'
import { act } from '../random/act.ts'
import { carryOut, type CarriedOut } from '../random/carry-out.ts'
import { disturb } from '../random/disturb.ts'
import { judgeSending } from '../random/judge.ts'
import type { Disturbance, Step } from '../random/step.ts'
import type { World } from '../random/world.ts'
import { prepare, type Operation } from './operations.ts'

/** A kind of fault; where it strikes is chosen for each cell. */
export type FaultKind = Exclude<Disturbance['kind'], 'pause' | 'busy-guest'>

/** The faults, from the mildest: those that QEMU or the guest's memory does not survive come last. */
export const FAULTS = [
  'cut',
  'unlink',
  'freeze',
  'stop-agent',
  'kill-agent',
  'freeze-files',
  'reset',
  'crash',
  'kill-qemu',
] as const satisfies readonly FaultKind[]

/** Linux's own way to crash when it is told to from outside; it would boot again by itself. */
const CRASH_AT_NMI = 'echo 0 > /proc/sys/kernel/panic; echo 1 > /proc/sys/kernel/unknown_nmi_panic'

/** When a fault strikes, counted in what the operation's Domain sends and hears. */
export interface Moment {
  readonly afterLines: number
  readonly atAnswer: boolean
}

/**
 * How many lines an operation sends and how many answers it has, when nothing is in its way; it is made once for that.
 *
 * @throws when it fails, or does not do what it says
 */
export async function measure(world: World, operation: Operation): Promise<{ lines: number; answers: number }> {
  await prepare(world, operation)
  const count = { lines: 0, answers: 0 }
  const step: Step = { ops: [operation.op(world)] }
  const { ended, wrong } = await carryOut(world, step, () => {
    for (const { log } of Object.values(world.controllers)) {
      log.onLine = () => count.lines++
      log.onAnswer = () => count.answers++
    }
  })
  expect(wrong).toEqual([])
  expect(ended.map(({ outcome }) => outcome)).toEqual(['done'])
  return count
}

/** Before it, as each line leaves and as each answer comes, and when it is over. */
export function momentsOf({ lines, answers }: { lines: number; answers: number }): Moment[] {
  const moments: Moment[] = [{ afterLines: 0, atAnswer: false }]
  for (let line = 1; line <= lines; line++) moments.push({ afterLines: line, atAnswer: false })
  for (let answer = 1; answer <= answers; answer++) moments.push({ afterLines: answer, atAnswer: true })
  return [...moments, { afterLines: lines + 1_000, atAnswer: false }]
}

/** Make an operation with a fault in it, and compare what it says with what is. */
export async function carryOutCell(
  world: World,
  operation: Operation,
  kind: FaultKind,
  moment: Moment,
): Promise<CarriedOut> {
  await prepare(world, operation)
  if (kind === 'crash') await world.guest.shell(CRASH_AT_NMI)
  const step: Step = { ops: [operation.op(world)], with: disturbanceOf(kind, moment) }
  return kind === 'kill-qemu' ? carryOutToTheEnd(world, step) : carryOut(world, step)
}

function disturbanceOf(kind: FaultKind, moment: Moment): Disturbance {
  return kind === 'cut' || kind === 'kill-agent' ? { kind, of: 'A', ...moment } : { kind, ...moment }
}

/** The same where QEMU does not survive: what is known then is what was sent and answered, and that the VM is gone. */
async function carryOutToTheEnd(world: World, step: Step): Promise<CarriedOut> {
  const { controllers } = world
  for (const { log } of Object.values(controllers)) log.beginStep()
  const disturbed = await disturb(world, step)
  const ended = await Promise.all(step.ops.map((op) => act(world, op)))
  await disturbed.heal()
  for (const { domain } of Object.values(controllers)) {
    await expect(domain.getVcpuMap()).rejects.toMatchObject({ name: 'ConnectionError' })
    await expect(domain.setVcpuState(7, true)).rejects.toMatchObject({ name: 'ConnectionError', outcome: 'not-sent' })
  }
  return { ended, wrong: ended.flatMap((one) => judgeSending(one)) }
}
