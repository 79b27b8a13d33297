import { callerSteps } from './caller.ts'
import { keyOf } from './key.ts'
import { endLook, linkSteps, observerSteps } from './link.ts'
import { qemuSteps, type Step } from './qemu.ts'
import { faultOf } from './truth.ts'
import { firstWorld, type Scenario, type World } from './world.ts'

export interface Violation {
  readonly what: string
  /** The shortest way to it. */
  readonly history: readonly string[]
}

export interface Exploration {
  readonly states: number
  readonly transitions: number
  /** States at which every call has ended and nothing is left of any. */
  readonly ended: number
  /** Ways to a state as short as the shortest one, over all states. */
  readonly histories: number
  /** Every state that can be reached was reached. */
  readonly isComplete: boolean
  readonly depth: number
  /** One of each kind, with the shortest history. */
  readonly violations: readonly Violation[]
}

interface Node {
  readonly world: World
  readonly parent: Node | undefined
  readonly step: string
  readonly depth: number
  ways: number
}

/** Everything that may happen next. */
function stepsFrom(world: World): Step[] {
  const isBusy = typeof world.looking !== 'string' || world.callers.some(({ phase }) => phase.startsWith('has-'))
  return [
    ...world.callers.flatMap((_, at) => callerSteps(world, at, isBusy)),
    ...endLook(world),
    ...linkSteps(world, isBusy),
    ...(isBusy ? [] : [...qemuSteps(world), ...observerSteps(world)]),
  ]
}

/** Breadth first: every order of what may happen, equal situations folded. A state that is wrong is not gone on from. */
export function explore(scenario: Scenario, mostStates: number): Exploration {
  const first: Node = { world: witness(firstWorld(scenario)), parent: undefined, step: '', depth: 0, ways: 1 }
  const seen = new Map<string, Node>([[keyOf(first.world), first]])
  const queue: Node[] = [first]
  const violations = new Map<string, Violation>()
  let transitions = 0
  let ended = 0
  let at = 0
  for (; at < queue.length && seen.size < mostStates; at++) {
    const node = queue[at]
    if (node === undefined) break
    for (const [step, world] of stepsFrom(node.world)) {
      transitions++
      witness(world)
      const key = keyOf(world)
      const known = seen.get(key)
      if (known !== undefined) {
        if (known.depth === node.depth + 1) known.ways += node.ways
        continue
      }
      const next: Node = { world, parent: node, step, depth: node.depth + 1, ways: node.ways }
      seen.set(key, next)
      const what = faultOf(world)
      if (what === undefined && !isOver(world)) queue.push(next)
      else if (what === undefined) ended++
      else if (!violations.has(what)) violations.set(what, { what, history: historyOf(next) })
    }
  }
  return {
    states: seen.size,
    transitions,
    ended,
    histories: [...seen.values()].reduce((sum, { ways }) => sum + ways, 0),
    isComplete: at === queue.length,
    depth: queue.at(-1)?.depth ?? 0,
    violations: [...violations.values()],
  }
}

/** No call is under way and nothing is pending: nothing of interest follows. */
function isOver({ callers, vm, observing }: World): boolean {
  return callers.every(({ phase }) => phase === 'ended') && vm.removals.length === 0 && observing === undefined
}

/** Each call remembers whether its slot was as it wants it. */
function witness(world: World): World {
  for (const caller of world.callers) {
    if (caller.phase === 'new' || caller.phase === 'ended' || caller.sawWanted) continue
    caller.sawWanted = (world.slots[caller.slot]?.device !== undefined) === (caller.wants === 'plug')
  }
  return world
}

function historyOf(node: Node): string[] {
  const steps: string[] = []
  for (let at = node; at.parent !== undefined; at = at.parent) steps.unshift(at.step)
  return steps
}
