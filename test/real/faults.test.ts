import { faultSession } from './faults/session.ts'
import { testOnSoundQemu as test } from './support/sound-qemu.ts'
import { testedQemu } from './support/tested-qemu.ts'

// test/matrix/sessions-faults.test.ts has all pairs of a fault and an operation, on two QEMUs.
test("faults in the middle of operations: what each call reports, QEMU and the guest's own /sys agree", async () => {
  await faultSession(testedQemu ?? '11', { moments: 2, pairs: 10 })
}, 3_600_000)
