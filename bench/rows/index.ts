import type { Row } from '../row.ts'
import { bitmap } from './bitmap.ts'
import { flood } from './flood.ts'
import { guestList } from './guest-list.ts'
import { idle } from './idle.ts'
import { imports } from './import.ts'
import { largeReplies } from './large-replies.ts'
import { manyVms } from './many-vms.ts'
import { mapProcess } from './map-process.ts'
import { maps } from './maps.ts'
import { neighbours } from './neighbours.ts'
import { packageSize } from './package-size.ts'
import { plug } from './plug.ts'
import { roundTrip } from './round-trip.ts'
import { unplug } from './unplug.ts'

/** Every row, in the order of the page. */
export const ROWS: readonly Row[] = [
  roundTrip,
  largeReplies,
  maps,
  plug,
  unplug,
  guestList,
  manyVms,
  idle,
  neighbours,
  flood,
  imports,
  mapProcess,
  packageSize,
  bitmap,
]
