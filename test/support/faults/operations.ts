import { CpuMap, type CallOptions, type Domain } from '../../../src/index.ts'
import type { Stage, State } from './stage.ts'

/** The vCPU that operations on one are about. */
export const ID = 5

/** One call of a Domain. */
export interface Operation {
  readonly name: string
  readonly begin: State
  readonly kind: 'change' | 'reading'
  /** Does it ask the agent for anything? */
  readonly usesAgent: boolean
  /** How many bounds of its own it has: a run has one for each step and each look, and everything else one. */
  readonly bounds: number
  readonly call: (domain: Domain, options: CallOptions, stage: Stage) => PromiseLike<unknown>
  /** Is that so which it is to bring about? */
  readonly isWanted: (state: State) => boolean
}

const BOOT: State = { plugged: [0, 1], running: [0, 1] }
const ONE: State = { plugged: [0, 1, ID], running: [0, 1, ID] }
const ONE_OFF: State = { plugged: [0, 1, ID], running: [0, 1] }
const TWO: State = { plugged: [0, 1, ID, 6], running: [0, 1, ID, 6] }
const BOTH = CpuMap.parse('5-6')

const runs = ({ running }: State): boolean => running.includes(ID)
const isThere = ({ plugged }: State): boolean => plugged.includes(ID)
const always = (): boolean => true

function change(
  name: string,
  begin: State,
  usesAgent: boolean,
  call: Operation['call'],
  isWanted: Operation['isWanted'],
  bounds = 1,
): Operation {
  return { name, begin, kind: 'change', usesAgent, bounds, call, isWanted }
}

function reading(name: string, usesAgent: boolean, call: Operation['call']): Operation {
  return { name, begin: ONE, kind: 'reading', usesAgent, bounds: 1, call, isWanted: always }
}

/** Everything that a Domain does to a VM or asks it. */
export const OPERATIONS: readonly Operation[] = [
  change('plug', BOOT, false, (domain, options) => domain.setVcpuState(ID, true, options), isThere),
  change(
    'plug into the guest',
    BOOT,
    true,
    (domain, options) => domain.setVcpuState(ID, true, { ...options, guest: true }),
    runs,
  ),
  change(
    'plug into the guest or undo it',
    BOOT,
    true,
    (domain, options) => domain.setVcpuState(ID, true, { ...options, guest: true, rollback: true }),
    runs,
    2,
  ),
  change(
    'unplug',
    ONE,
    false,
    (domain, options) => domain.setVcpuState(ID, false, options),
    (state) => !isThere(state),
  ),
  change(
    'unplug through the guest',
    ONE,
    true,
    (domain, options) => domain.setVcpuState(ID, false, { ...options, guest: true }),
    (state) => !isThere(state),
  ),
  change(
    'unplug through the guest or undo it',
    ONE,
    true,
    (domain, options) => domain.setVcpuState(ID, false, { ...options, guest: true, rollback: true }),
    (state) => !isThere(state),
    2,
  ),
  change(
    'turn on in the guest',
    ONE_OFF,
    true,
    (domain, options, stage) => domain.setGuestVcpuState(stage.guestIdOf(ID), true, options),
    runs,
  ),
  change(
    'turn off in the guest',
    ONE,
    true,
    (domain, options, stage) => domain.setGuestVcpuState(stage.guestIdOf(ID), false, options),
    (state) => !runs(state),
  ),
  change(
    'plug several',
    BOOT,
    false,
    (domain, options) => domain.setVcpuStates(BOTH, true, options),
    ({ plugged }) => plugged.includes(ID) && plugged.includes(6),
    6,
  ),
  change(
    'unplug several through the guest',
    TWO,
    true,
    (domain, options) => domain.setVcpuStates(BOTH, false, { ...options, guest: true }),
    ({ plugged }) => !plugged.includes(ID) && !plugged.includes(6),
    6,
  ),
  change(
    'scale up in the guest',
    BOOT,
    true,
    (domain, options) => domain.scale(4, { ...options, guest: true }),
    ({ running }) => running.length === 4,
    6,
  ),
  change(
    'scale down in the guest',
    TWO,
    true,
    (domain, options) => domain.scale(2, { ...options, guest: true }),
    ({ running }) => running.length === 2,
    6,
  ),
  change(
    'scale in the guest only',
    ONE_OFF,
    true,
    (domain, options) => domain.scaleGuest(3, options),
    ({ running }) => running.length === 3,
    6,
  ),
  reading('list', true, (domain, options) => domain.vcpus(options)),
  reading('maps', true, (domain, options) => domain.getVcpuMaps(options)),
  reading('export', false, (domain, options) => domain.exportLayout(options)),
  reading('doctor', true, (domain, options) => domain.doctor(options)),
]
