import { beforeAll, describe, expect, test } from 'vitest'
import type { Machine } from '../../packages/guest-kit/src/index.ts'
import { Domain, type Vcpu } from '../../src/index.ts'
import { trueIndexes, trueVcpus } from '../oracle/vcpus.ts'
import { shuffled } from '../support/shuffle.ts'
import { startable, unstartable } from './machines/index.ts'
import { asCell, recordCell } from './results.ts'
import { lastWords, seed, start, titleOf, versionOf } from './support.ts'

// L-shaped: which cpu-index QEMU gives depends on the machine and on QEMU alone, so here is every machine and no guest.
// Guests are asked in sessions of their own, with few machines.

beforeAll(() => {
  console.log(`MATRIX_SEED=${seed}`)
})

describe('the cpu-index of every empty slot, said beforehand, is the one that QEMU gives', () => {
  for (const one of startable) {
    test(titleOf(one), async () => {
      const { machine: row, name, sample } = one.configuration
      await using machine = await start(one)
      const identity = { machine: row, configuration: name, qemu: machine.qemuVersion }
      await asCell({ ...identity, aspect: 'prediction' }, async () => {
        await fill(machine, sample)
        return { verdict: 'yes' }
      })
      // The filling went through the setter, and the maps at its end were those of QEMU's own list.
      await recordCell({ ...identity, aspect: 'plug', verdict: 'yes' })
      await recordCell({ ...identity, aspect: 'map', verdict: 'yes' })
    })
  }
})

describe('a machine that QEMU refuses to build is refused in these words', () => {
  for (const one of unstartable) {
    test(titleOf(one), async () => {
      const { machine, name } = one.configuration
      await asCell({ machine, configuration: name, qemu: await versionOf(one), aspect: 'prediction' }, async () => {
        const started = start(one).then((it) => it.stop())
        const message = lastWords(await started.catch((error: unknown) => error))
        expect(message).toContain(one.words)
        return { verdict: 'refused-by-qemu', message }
      })
    })
  }
})

/** Fill the empty slots, or so many of them, and compare after each. */
async function fill(machine: Machine, sample: number | undefined): Promise<void> {
  await using domain = await Domain.connect({ qmp: machine.qmpPath })
  const said = await domain.vcpus()
  const slots = shuffled(emptySlots(said), seed)
  const chosen = slots.slice(0, sample)
  expect(chosen.length).toBeGreaterThan(0)
  let plugged = await trueIndexes(machine)
  for (const { slot } of chosen) {
    const [first = -1] = slot
    await domain.setVcpuState(first, true, { wholeSlot: true })
    const now = await trueIndexes(machine)
    const appeared = now.filter((index) => !plugged.includes(index))
    expect(appeared, `the slot that was said to hold ${slot.join(',')}`).toEqual(slot)
    plugged = now
  }
  await expectPlacesAsSaid(machine, said)
  const maps = await domain.getVcpuMaps()
  expect([...maps.online]).toEqual(plugged)
  if (sample === undefined) expect(maps.online.equals(maps.possible)).toBe(true)
  else expect(maps.possible.size - maps.online.size).toBe(said.filter(({ online }) => !online).length - chosen.length)
}

/** One vCPU of each empty slot. */
function emptySlots(said: readonly Vcpu[]): readonly Vcpu[] {
  return said.filter(({ id, online, slot }) => !online && slot[0] === id)
}

/** Each vCPU sits where it was said that a vCPU of its cpu-index would: the plug itself could have gone elsewhere. */
async function expectPlacesAsSaid(machine: Machine, said: readonly Vcpu[]): Promise<void> {
  for (const { 'cpu-index': index, props } of await trueVcpus(machine)) {
    expect(props, `the place of cpu-index ${index}`).toMatchObject({ ...said[index]?.props })
  }
}
