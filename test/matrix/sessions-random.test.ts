import { test } from 'vitest'
import { randomSession, stepsOr } from '../real/random/session.ts'

const STEPS = stepsOr(500)

test.each(['11', '10.0'] as const)(
  `QEMU %s: ${STEPS} random steps of three clients`,
  (qemuVersion) => randomSession(qemuVersion, STEPS),
  7_200_000,
)
