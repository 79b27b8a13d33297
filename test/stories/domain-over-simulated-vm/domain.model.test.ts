import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { beginnings } from './beginnings.ts'
import { histories } from './commands.ts'
import { World } from './world.ts'

/** How many histories, and which of them: see CONTRIBUTING.md. Every day the same ones; a long run draws its own. */
const { DOMAIN_HISTORIES, DOMAIN_PATH, DOMAIN_REPLAY } = process.env
const { DOMAIN_SEED = DOMAIN_HISTORIES === undefined ? '1' : undefined } = process.env

test('two domains on one VM: whatever happens, what they say is true', { timeout: 36_000_000 }, async () => {
  // The pauses between dials are drawn from it; the same history is to be the same.
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  await fc.assert(
    fc.asyncProperty(beginnings, histories(DOMAIN_REPLAY), async (beginning, commands) => {
      const world = new World(beginning)
      await world.open()
      await fc.asyncModelRun(() => ({ model: {}, real: world }), commands)
      await world.end()
      expect(world.fault === undefined ? '' : world.tell(world.fault)).toBe('')
    }),
    {
      numRuns: Number(DOMAIN_HISTORIES ?? 120),
      ...(DOMAIN_SEED === undefined ? {} : { seed: Number(DOMAIN_SEED) }),
      ...(DOMAIN_PATH === undefined ? {} : { path: DOMAIN_PATH }),
    },
  )
})
