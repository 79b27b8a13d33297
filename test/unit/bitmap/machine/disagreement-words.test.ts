// What an error says of two replies that disagree: whose slot it is, and which of the two says what.
import { expect, test } from 'vitest'
import { computeSlots, type CpuFast, type HotpluggableCpu } from '../../../../src/bitmap/index.ts'

const slot = (coreId: number, qomPath?: string): HotpluggableCpu => ({
  type: 'a-cpu',
  'vcpus-count': 2,
  props: { 'core-id': coreId },
  ...(qomPath === undefined ? {} : { 'qom-path': qomPath }),
})
const cpu = (index: number, qomPath: string): CpuFast => ({
  'cpu-index': index,
  'qom-path': qomPath,
  'thread-id': 100 + index,
})
const first = [cpu(0, '/core0/thread[0]'), cpu(1, '/core0/thread[1]')]

test.each([2, 3])('vCPU %i of a slot that is empty', (index) => {
  expect(() => computeSlots([slot(0, '/core0'), slot(2)], [...first, cpu(index, '/core2')])).toThrow(
    `query-cpus-fast has cpu-index ${index} at "/core2", and query-hotpluggable-cpus says that its slot {"core-id":2} is empty`,
  )
})

test.each([1, 4])('vCPU %i at a path that no slot has', (index) => {
  const others = first.filter((other) => other['cpu-index'] !== index)
  expect(() => computeSlots([slot(0, '/core0'), slot(2)], [...others, cpu(index, '/core9')])).toThrow(
    `query-cpus-fast has cpu-index ${index} at "/core9", and no slot of query-hotpluggable-cpus has that qom-path`,
  )
})

test('a vCPU of another slot’s ids', () => {
  expect(() => computeSlots([slot(0, '/core0'), slot(2)], [cpu(0, '/core0'), cpu(2, '/core0')])).toThrow(
    'query-cpus-fast has cpu-index 2 at "/core0", which the slots\' arithmetic denies: slot {"core-id":0} holds 0-1',
  )
})

test('fewer vCPUs than the slot holds, or none', () => {
  for (const [index, there] of [first.slice(1), []].entries()) {
    expect(() => computeSlots([slot(0, '/core0')], there)).toThrow(
      `slot {"core-id":0} at "/core0" holds vCPUs: 2, and query-cpus-fast has there: ${1 - index}`,
    )
  }
})
