import { channel, subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'

/** What was published, in order: which part of a call it is (`message` of a plain channel), and a copy of the message. */
export type Published = readonly [part: string, message: Readonly<Record<string, unknown>>]

const PARTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const

function copy(message: unknown): Readonly<Record<string, unknown>> {
  return typeof message === 'object' && message !== null ? { ...message } : {}
}

/** Subscribe to a plain channel until the test ends, or the function returned is called. */
export function watchChannel(name: string): { readonly seen: Published[]; readonly stop: () => void } {
  const seen: Published[] = []
  const note = (message: unknown): void => {
    seen.push(['message', copy(message)])
  }
  const stop = (): void => {
    unsubscribe(name, note)
  }
  subscribe(name, note)
  onTestFinished(stop)
  return { seen, stop }
}

/** The same of the five channels of a tracing channel. */
export function watchCalls(name: string): { readonly seen: Published[]; readonly stop: () => void } {
  const seen: Published[] = []
  const subscribers = Object.fromEntries(
    PARTS.map((part) => [
      part,
      (message: unknown): void => {
        seen.push([part, copy(message)])
      },
    ]),
  ) as Record<(typeof PARTS)[number], (message: unknown) => void>
  const channels = tracingChannel(name)
  const stop = (): void => {
    channels.unsubscribe(subscribers)
  }
  channels.subscribe(subscribers)
  onTestFinished(stop)
  return { seen, stop }
}

/** Every channel of this package that has a subscriber. */
export function watchedChannels(names: readonly string[]): readonly string[] {
  const all = names.flatMap((name) => [name, ...PARTS.map((part) => `tracing:${name}:${part}`)])
  return all.filter((name) => channel(name).hasSubscribers)
}
