// `states()` of a domain that had been closed ended at once and told no state, though it promises the present one first and
// `closed` as the last. What must end: a reader that comes late and is not told what is so.
import { expect, test } from 'vitest'
import { vm } from '../support/simulated-vm.ts'

test('a closed domain says that it is closed, whenever it is asked', async () => {
  const { domain } = await vm()
  const before = domain.states()
  await domain.close()
  const told = async (states: AsyncIterable<unknown>) => {
    const all: unknown[] = []
    for await (const state of states) all.push(state)
    return all
  }
  expect(await told(before)).toEqual([{ state: 'connected' }, { state: 'closed' }])
  expect(await told(domain.states())).toEqual([{ state: 'closed' }])
})
