import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootPair, startPair, type GuestPair, type Pair, type Version } from './differential/peers.ts'
import { playAgent, playMonitor } from './differential/play.ts'
import type { SequenceGroup } from './differential/sequence.ts'
import { agent } from './differential/sequences/agent.ts'
import { guest } from './differential/sequences/guest.ts'
import { otherMachines } from './differential/sequences/other-machines.ts'
import { protocol } from './differential/sequences/protocol.ts'
import { x86 } from './differential/sequences/x86.ts'
import { judge, newTally, notShown, summary } from './differential/verdict.ts'
import { progress } from './support.ts'

const VERSIONS: readonly Version[] = ['10.0', '11']

describe.each(VERSIONS)('QEMU %s and its simulation', (version) => {
  describe.each([protocol, ...x86, ...otherMachines(version)])('$name ($machine.name)', (group) => {
    const tally = newTally()
    let pair: Pair | undefined

    afterAll(async () => {
      await pair?.[Symbol.asyncDispose]()
      progress(summary(`QEMU ${version}, ${group.name}`, tally))
    })

    test.each(group.sequences)('$name', async (sequence) => {
      pair = await pairFor(group, version, pair)
      const [real, simulated] = [pair.real(), pair.simulated()]
      try {
        judge(tally, sequence.name, await playMonitor(real, sequence), await playMonitor(simulated, sequence))
      } finally {
        real.close()
        simulated.close()
      }
    })

    test('what is listed as different still is', () => {
      expect(notShown(tally, namesOf(group.sequences))).toEqual([])
    })
  })

  describe('with a guest', () => {
    const tally = newTally()
    let pair: GuestPair

    beforeAll(async () => {
      pair = await bootPair(version)
    })
    afterAll(async () => {
      await pair[Symbol.asyncDispose]()
      progress(summary(`QEMU ${version}, a guest and its agent`, tally))
    })

    test.each(agent)('the agent: $name', async (sequence) => {
      const [real, simulated] = [pair.realAgent(), pair.simulatedAgent()]
      try {
        judge(tally, sequence.name, await playAgent(real, sequence), await playAgent(simulated, sequence))
      } finally {
        real.close()
        simulated.close()
      }
    })

    test.each(guest)('the guest: $name', async (sequence) => {
      const channels = [pair.real(), pair.realAgent(), pair.simulated(), pair.simulatedAgent()] as const
      const [real, realAgent, simulated, simulatedAgent] = channels
      try {
        const heard = await playMonitor(real, sequence, realAgent)
        judge(tally, sequence.name, heard, await playMonitor(simulated, sequence, simulatedAgent))
      } finally {
        for (const channel of channels) channel.close()
      }
    })

    test('what is listed as different still is', () => {
      expect(notShown(tally, namesOf([...agent, ...guest]))).toEqual([])
    })
  })
})

/** Each sequence gets a machine of its own where the group wants it. */
async function pairFor(group: SequenceGroup, version: Version, former: Pair | undefined): Promise<Pair> {
  if (former !== undefined && !group.isFresh) return former
  await former?.[Symbol.asyncDispose]()
  return startPair(group.machine, version)
}

function namesOf(sequences: readonly { readonly name: string }[]): readonly string[] {
  return sequences.map(({ name }) => name)
}
