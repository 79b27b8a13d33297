import { isObject } from '../wire/message.ts'
import type { CommandArguments, ReceivedCommand } from './command-hooks.ts'
import type { ReplyLine } from './delivery.ts'
import type { CommandFault } from './fault.ts'
import { encodeMessage } from './peer-reply.ts'

/** What a faulty delivery needs of the VM. */
export interface FaultyDeliveryOptions {
  /** Resolves when so much time has passed. */
  readonly sleep: (ms: number) => Promise<void>
  /** The guest refuses the unplug that these arguments of `device_del` ask for; only in events if it `goes`. */
  readonly refuse: (args: CommandArguments, goes: boolean) => void
}

/** Deliver one command as the fault has it. */
export async function deliverFaulty(
  fault: CommandFault,
  received: ReceivedCommand,
  answer: () => Promise<object>,
  line: ReplyLine,
  { sleep, refuse }: FaultyDeliveryOptions,
): Promise<void> {
  const echo = received.id === undefined ? {} : { id: received.id }
  switch (fault.do) {
    case 'drop-before':
      line.drop()
      return
    case 'drop-after':
      await answer()
      line.drop()
      return
    case 'no-reply':
      await answer()
      return
    case 'hang':
      return new Promise(() => undefined)
    case 'late': {
      const reply = await answer()
      await sleep(fault.ms)
      line.send(reply)
      return
    }
    case 'slow':
      await sleep(fault.ms)
      line.send(await answer())
      return
    case 'error': {
      const { class: errorClass = 'GenericError', desc = 'simulated fault', ms = 0, carriedOut = false } = fault
      if (carriedOut) await answer()
      if (ms > 0) await sleep(ms)
      line.send({ error: { class: errorClass, desc }, ...echo })
      return
    }
    case 'nonsense':
      await answer()
      line.sendLine(fault.raw ?? encodeMessage({ return: fault.value ?? 'nonsense', ...echo }))
      return
    case 'duplicate-reply': {
      const reply = await answer()
      line.send(reply)
      line.send(reply)
      return
    }
    case 'stray-error':
      line.send({ error: { class: 'GenericError', desc: 'JSON parse error, expecting value' } })
      line.send(await answer())
      return
    case 'refuse-event-before-reply': {
      const reply = await answer()
      if (isObject(reply) && 'return' in reply) refuse(received.arguments, fault.goes ?? false)
      line.send(reply)
    }
  }
}
