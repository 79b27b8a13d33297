import type { Verb } from '../verb.ts'
import { doctorVerb } from './doctor.ts'
import { exportVerb } from './export.ts'
import { guestScaleVerb } from './guest-scale.ts'
import { guestSetVerb } from './guest-set.ts'
import { listVerb } from './list.ts'
import { mapVerb } from './map.ts'
import { scaleVerb } from './scale.ts'
import { schemaDiffVerb } from './schema-diff.ts'
import { setVerb } from './set.ts'
import { simVerb } from './sim.ts'
import { typegenVerb } from './typegen.ts'
import { watchVerb } from './watch.ts'

/** Every verb, in the order of the help. */
export const VERBS: readonly Verb[] = [
  mapVerb,
  listVerb,
  setVerb,
  guestSetVerb,
  scaleVerb,
  guestScaleVerb,
  exportVerb,
  watchVerb,
  doctorVerb,
  typegenVerb,
  schemaDiffVerb,
  simVerb,
]
