// Any error of query-hotpluggable-cpus ("Out of memory") was taken for a machine without hotplug. What must end: a refusal
// that says nothing of the machine and is read as if it did.
import { describe, expect, test } from 'vitest'
import { Refusal, type SimulatedQemu } from '../../src/testing/index.ts'
import { vm } from '../support/simulated-vm.ts'

const OLD_WORDS = "The feature 'query-hotpluggable-cpus' is not enabled"
const WORDS = 'machine does not support hot-plugging CPUs'

function refuse(qemu: SimulatedQemu, words: string, errorClass = 'GenericError'): void {
  qemu.onCommand('query-hotpluggable-cpus', () => {
    throw new Refusal(words, errorClass)
  })
}

/** QEMU says of its machines what they can. */
function tellMachine(qemu: SimulatedQemu, hasHotplug: boolean): void {
  qemu.onCommand('qom-get', ({ property }, usual) => (property === 'type' ? 'odd-10.0-machine' : usual()))
  qemu.onCommand('query-machines', () => [
    { name: 'none', 'hotpluggable-cpus': false, 'cpu-max': 1 },
    { name: 'odd-10.0', 'hotpluggable-cpus': hasHotplug, 'cpu-max': 8 },
  ])
}

describe('a QEMU that says what its machine can', () => {
  test.each([WORDS, 'words of a later version'])('without hotplug: "%s" is an answer', async (words) => {
    const { qemu, domain } = await vm()
    refuse(qemu, words)
    tellMachine(qemu, false)
    expect(String(await domain.getVcpuMap('possible'))).toBe('0-1')
    await expect(domain.setVcpuState(1, false)).rejects.toMatchObject({ code: 'ERR_NO_HOTPLUG', outcome: 'not-sent' })
  })

  test.each([WORDS, 'Out of memory'])('with hotplug: "%s" is an error', async (words) => {
    const { qemu, domain } = await vm()
    refuse(qemu, words)
    tellMachine(qemu, true)
    await expect(domain.getVcpuMap()).rejects.toMatchObject({ name: 'CommandError', description: words })
  })
})

describe('a QEMU that does not say', () => {
  /** As QEMU before 2.7, and an executor that passes on few commands. */
  function tellNothing(qemu: SimulatedQemu): void {
    for (const command of ['query-machines', 'qom-get']) {
      qemu.onCommand(command, () => {
        throw new Refusal('not here', 'CommandNotFound')
      })
    }
  }

  test.each([WORDS, OLD_WORDS])('"%s" is an answer', async (words) => {
    const { qemu, domain } = await vm()
    tellNothing(qemu)
    refuse(qemu, words)
    expect(String(await domain.getVcpuMap('possible'))).toBe('0-1')
  })

  test.each([
    ['Out of memory', 'GenericError'],
    ['The command query-hotpluggable-cpus has not been found', 'CommandNotFound'],
  ])('"%s" is an error', async (words, errorClass) => {
    const { qemu, domain } = await vm()
    tellNothing(qemu)
    refuse(qemu, words, errorClass)
    await expect(domain.getVcpuMap()).rejects.toMatchObject({ name: 'CommandError', description: words })
    await expect(domain.setVcpuState(5, true)).rejects.toMatchObject({ name: 'CommandError' })
    expect(qemu.pluggedVcpus).toEqual([0, 1])
  })
})
