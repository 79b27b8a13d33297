import { trueDevices } from '../../oracle/vcpus.ts'
import type { Controller } from './controller.ts'
import { describeTruth, isSameTruth, readTruth, type Truth } from './truth.ts'
import { pathOf, type World } from './world.ts'

/**
 * Read the truth, ask both Domains, and compare. Where the truth itself has moved meanwhile, a late removal say, it is asked
 * again: only answers between two equal pictures can be compared with them.
 *
 * @returns the truth, and what does not agree with it
 */
export async function agree(world: World): Promise<{ readonly truth: Truth; readonly wrong: readonly string[] }> {
  for (;;) {
    const truth = await readTruth(world.guest)
    const wrong = [...(await compare(world.controllers.A, truth)), ...(await compare(world.controllers.B, truth))]
    if (!isSameTruth(truth, await readTruth(world.guest))) continue
    for (const controller of Object.values(world.controllers)) controller.resume(truth.keys())
    return { truth, wrong }
  }
}

/**
 * While the VM is stopped no removal can end: what each Domain calls pending is what it has asked QEMU for.
 *
 * @returns what is not so
 */
export async function disagreePending(world: World): Promise<readonly string[]> {
  const paths = new Map((await trueDevices(world.guest)).map(({ index, path }) => [path, index]))
  return Object.values(world.controllers).flatMap((controller) => {
    const [ours, theirs] = [[...controller.domain.pendingRemovals()], pendingBy(controller, paths)]
    if (ours.join() === theirs.join()) return []
    return [`${controller.name}: pendingRemovals() of the stopped VM is ${ours.join()}, it asked for ${theirs.join()}`]
  })
}

/** The vCPUs, ascending, of which a Domain's wire says that their unplug may still come. */
function pendingBy({ log }: Controller, paths: ReadonlyMap<string, number>): number[] {
  return log.removals.flatMap((target) => paths.get(pathOf(target)) ?? []).sort((one, other) => one - other)
}

function pathsOf(truth: Truth): ReadonlyMap<string, number> {
  return new Map([...truth].map(([index, { path }]) => [path, index]))
}

async function compare(controller: Controller, truth: Truth): Promise<string[]> {
  const { domain, name } = controller
  const plugged = [...truth.keys()]
  const found: string[] = []
  const expectSame = (what: string, ours: unknown, theirs: unknown): void => {
    const [our, their] = [JSON.stringify(ours), JSON.stringify(theirs)]
    if (our !== their) found.push(`${name}: ${what} is ${our}, in truth ${their} (${describeTruth(truth)})`)
  }
  const maps = await domain.getVcpuMaps()
  expectSame('online', [...maps.online], plugged)
  expectSame(
    'offlinable',
    [...maps.offlinable],
    plugged.filter((id) => id !== 0),
  )
  expectSame(
    'onlinable',
    [...maps.onlinable],
    [...maps.possible].filter((id) => !truth.has(id)),
  )
  const vcpus = await domain.vcpus()
  expectSame(
    'vcpus()',
    vcpus.flatMap(({ id, online, qomPath, hostThreadId }) => (online ? [{ id, qomPath, hostThreadId }] : [])),
    [...truth].map(([id, { path, threadId }]) => ({ id, qomPath: path, hostThreadId: threadId })),
  )
  expectSame(
    'the guest’s side',
    vcpus.flatMap(({ id, online, guest }) =>
      online ? [{ id, guest: guest === null ? null : [guest.id, guest.online, guest.confidence] }] : [],
    ),
    [...truth].map(([id, { guest }]) => ({
      id,
      guest: guest === undefined ? null : [guest.id, guest.online, 'exact'],
    })),
  )
  expectSame('pendingRemovals()', [...domain.pendingRemovals()], pendingBy(controller, pathsOf(truth)))
  const reported = await controller.reported()
  if (reported !== undefined) expectSame('what changes() reported', reported, plugged)
  return found
}
