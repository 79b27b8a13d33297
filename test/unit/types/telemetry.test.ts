import { expectTypeOf, test } from 'vitest'
import {
  CHANGE_CHANNEL,
  COMMAND_CHANNEL,
  EVENT_CHANNEL,
  LIMIT_CHANNEL,
  STATE_CHANNEL,
  type ChangeKind,
  type ChangeMessage,
  type ChangeStep,
  type CommandMessage,
  type CpuMap,
  type EventMessage,
  type LimitMessage,
  type Outcome,
  type QmpEvent,
  type StateMessage,
} from 'qemu-vcpu'

test('channels are named by text', () => {
  expectTypeOf(CHANGE_CHANNEL).toBeString()
  expectTypeOf(COMMAND_CHANNEL).toBeString()
  expectTypeOf(EVENT_CHANNEL).toBeString()
  expectTypeOf(LIMIT_CHANNEL).toBeString()
  expectTypeOf(STATE_CHANNEL).toBeString()
})

test('each message names its VM', () => {
  type Messages = ChangeMessage | CommandMessage | EventMessage | LimitMessage | StateMessage
  expectTypeOf<Messages['vm']>().toEqualTypeOf<string>()
})

test('what a change was is known at its end', () => {
  expectTypeOf<ChangeKind>().toEqualTypeOf<'plug' | 'unplug' | 'guest-on' | 'guest-off' | 'scale' | 'guest-scale'>()
  expectTypeOf<ChangeMessage['change']>().toEqualTypeOf<ChangeKind>()
  expectTypeOf<ChangeMessage['outcome']>().toEqualTypeOf<'done' | Outcome | undefined>()
  expectTypeOf<ChangeMessage['changed']>().toEqualTypeOf<CpuMap | undefined>()
  expectTypeOf<ChangeMessage['steps']>().toEqualTypeOf<readonly ChangeStep[] | undefined>()
  expectTypeOf<EventMessage>().toExtend<QmpEvent>()
  expectTypeOf<StateMessage['state']>().toEqualTypeOf<'connected' | 'reconnecting' | 'closed'>()
  expectTypeOf<CommandMessage['peer']>().toEqualTypeOf<'qmp' | 'qga'>()
  expectTypeOf<LimitMessage['code']>().toEqualTypeOf<string>()
})
