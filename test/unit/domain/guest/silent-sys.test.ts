import { expect, test } from 'vitest'
import { vm } from '../../../support/simulated-vm.ts'

test('a guest whose /sys says of none of its CPUs which vCPU it is: that is no word about any', async () => {
  const { domain } = await vm({ kind: 'no-hotplug', maxcpus: 2 })
  expect((await domain.vcpus()).map(({ guest }) => guest?.confidence)).toEqual(['computed', 'computed'])
})
