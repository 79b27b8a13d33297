// Spans for OpenTelemetry: one for each change, with the commands that it sends below it, and of a run of several its changes.
import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { context, SpanStatusCode, trace, type Attributes, type Span, type Tracer } from '@opentelemetry/api'
import { CHANGE_CHANNEL, COMMAND_CHANNEL, type ChangeMessage, type CommandMessage } from 'qemu-vcpu'

const ignored = (): void => undefined

/** Make spans of all Domains of this process, until the function returned is called. */
export function traceVms(tracer: Tracer): () => void {
  const current = new AsyncLocalStorage<Span>()
  const spans = new WeakMap<object, Span>()

  const begin = (message: object, name: string, attributes: Attributes): Span => {
    const above = current.getStore()
    const parent = above === undefined ? context.active() : trace.setSpan(context.active(), above)
    const span = tracer.startSpan(name, { attributes }, parent)
    spans.set(message, span)
    return span
  }
  const fail = (message: { readonly error?: unknown }): void => {
    const error = message.error instanceof Error ? message.error : new Error(String(message.error))
    const span = spans.get(message)
    span?.recordException(error)
    span?.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
  }

  // A store that is bound to `start` is set in the async context of the change: its commands find their parent there.
  const changes = tracingChannel<Span, ChangeMessage>(CHANGE_CHANNEL)
  changes.start.bindStore(current, (message) =>
    begin(message, `vcpu ${message.change}`, {
      'vm.name': message.vm,
      'vcpu.what': message.what,
      ...(message.id === undefined ? {} : { 'vcpu.id': message.id }),
    }),
  )
  const changeSubscribers = {
    ...{ start: ignored, end: ignored, asyncStart: ignored, error: fail },
    asyncEnd: (message: ChangeMessage): void => {
      const span = spans.get(message)
      if (message.outcome !== undefined) span?.setAttribute('vcpu.outcome', message.outcome)
      if (message.code !== undefined) span?.setAttribute('error.type', message.code)
      if (message.changed !== undefined) span?.setAttribute('vcpu.changed', String(message.changed))
      for (const { step, detail } of message.steps ?? []) span?.addEvent(step, { detail })
      span?.end()
    },
  }
  changes.subscribe(changeSubscribers)

  const commands = tracingChannel<unknown, CommandMessage>(COMMAND_CHANNEL)
  const commandSubscribers = {
    ...{ end: ignored, asyncStart: ignored, error: fail },
    start: (message: CommandMessage): void => {
      begin(message, `${message.peer} ${message.command}`, { 'vm.name': message.vm, 'rpc.method': message.command })
    },
    asyncEnd: (message: CommandMessage): void => {
      spans.get(message)?.end()
    },
  }
  commands.subscribe(commandSubscribers)

  return () => {
    changes.start.unbindStore(current)
    changes.unsubscribe(changeSubscribers)
    commands.unsubscribe(commandSubscribers)
  }
}
