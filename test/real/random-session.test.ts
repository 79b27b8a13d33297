import { randomSession, stepsOr } from './random/session.ts'
import { testOnSoundQemu as test } from './support/sound-qemu.ts'
import { testedQemu } from './support/tested-qemu.ts'

const STEPS = stepsOr(40)

// test/matrix/sessions-random.test.ts has long sessions, on more than one QEMU.
test(
  `${STEPS} random steps of three clients: what is reported, QEMU and the guest's own /sys agree after each`,
  () => randomSession(testedQemu ?? '11', STEPS),
  3_600_000,
)
