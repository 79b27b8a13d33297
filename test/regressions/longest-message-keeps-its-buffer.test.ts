import { expect, test } from 'vitest'
import { giveBuffer, takeBuffer } from '../../src/wire/line-buffers.ts'
import { WIRE_LIMITS } from '../../src/wire/limits.ts'

const cap = WIRE_LIMITS.messageBytes.qga
/** As the splitter asks for them: one more than the cap, for a CR. */
const most = cap + 1

// The buffer of an agent's longest message was one byte too long to be kept: each such message left 4 MiB behind, and 8 MiB with
// the buffers that it had outgrown, faster than they were collected. 1 GiB of them took 36 MB of memory, now 11.
test.each([cap / 2 - 1, cap / 2, cap / 2 + 1, cap - 1, cap, most])(
  'a message of %i bytes and the next one share a buffer',
  (bytes) => {
    const first = takeBuffer(bytes, most)
    giveBuffer(first)
    // Compared here: showing how two such buffers differ takes minutes.
    expect(takeBuffer(65_536, most) === first).toBe(true)
    giveBuffer(first)
  },
)
