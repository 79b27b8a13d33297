import { once } from 'node:events'
import { expect, test } from 'vitest'
import { inBackground } from '../../../src/wire/background.ts'

test('a task that fails although it should not is reported, and ends nothing', async () => {
  const warned = once(process, 'warning')
  inBackground('the task', Promise.reject(new Error('a \u001b[31mdefect')))
  const [warning] = (await warned) as [Error & { code?: string }]
  expect(warning.code).toBe('QEMU_VCPU_DEFECT')
  expect(warning.message).toContain('the task failed, which is a defect of qemu-vcpu: Error: a \\u{1b}[31mdefect')
  expect(warning.message).not.toContain('\u001b')
})

test('one that ends well is not', async () => {
  const warnings: unknown[] = []
  const note = (warning: unknown): void => {
    warnings.push(warning)
  }
  process.on('warning', note)
  const task = Promise.resolve()
  inBackground('the task', task)
  await task
  await new Promise((resolve) => {
    process.nextTick(resolve)
  })
  process.off('warning', note)
  expect(warnings).toEqual([])
})
