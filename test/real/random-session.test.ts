import { randomSession } from './random/session.ts'
import { testOnSoundQemu as test } from './support/sound-qemu.ts'
import { testedQemu } from './support/tested-qemu.ts'

const STEPS = Number(process.env['QEMU_VCPU_RANDOM_STEPS'] ?? 40)

test(
  `${STEPS} random steps of three clients: what is reported, QEMU and the guest's own /sys agree after each`,
  () => randomSession(testedQemu ?? '11', STEPS),
  3_600_000,
)
