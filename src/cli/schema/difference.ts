import { printable } from '../../index.ts'

/** What is different at one place of two schemas, the second seen from the first. */
export type Change =
  | { readonly change: 'added' | 'removed' }
  | { readonly change: 'member-added'; readonly optional: boolean; readonly type: string }
  | { readonly change: 'member-removed' }
  | { readonly change: 'became-optional' | 'became-required' }
  | { readonly change: 'type-changed'; readonly from: string; readonly to: string }
  | { readonly change: 'value-added' | 'value-removed'; readonly value: string }
  | { readonly change: 'feature-added' | 'feature-removed'; readonly feature: string }
  | { readonly change: 'oob-added' | 'oob-removed' }

/** A place in a schema. */
export interface Place {
  readonly of: 'command' | 'event'
  readonly name: string
  /**
   * The place in what it takes or returns, such as `arguments.cache.direct`, `returns[].props` or
   * `arguments(driver=qcow2).backing`; empty for the command or event itself.
   */
  readonly at: string
}

/** One difference. */
export type Difference = Place & Change

/** One line for people, whatever the names of a peer hold. */
export function differenceLine(difference: Difference): string {
  const { of, name, at, change } = difference
  const sign = change === 'added' ? 'added  ' : change === 'removed' ? 'removed' : 'changed'
  const words = wordsOf(difference)
  return printable([`${sign} ${of} ${name}`, ...(at === '' ? [] : [at]), ...(words === '' ? [] : [words])].join(': '))
}

function wordsOf(change: Change): string {
  switch (change.change) {
    case 'added':
    case 'removed':
      return ''
    case 'member-added':
      return `added, ${change.optional ? 'optional' : 'required'} (${change.type})`
    case 'member-removed':
      return 'removed'
    case 'became-optional':
      return 'is optional now'
    case 'became-required':
      return 'is required now'
    case 'type-changed':
      return `${change.from} became ${change.to}`
    case 'value-added':
      return `value ${JSON.stringify(change.value)} added`
    case 'value-removed':
      return `value ${JSON.stringify(change.value)} removed`
    case 'feature-added':
      return FEATURES_GAINED.get(change.feature) ?? `feature ${change.feature} added`
    case 'feature-removed':
      return FEATURES_LOST.get(change.feature) ?? `feature ${change.feature} removed`
    case 'oob-added':
      return 'can be executed out of band now'
    case 'oob-removed':
      return 'can no longer be executed out of band'
  }
}

const FEATURES_GAINED = new Map([
  ['deprecated', 'is deprecated now'],
  ['unstable', 'is unstable now'],
])
const FEATURES_LOST = new Map([
  ['deprecated', 'is no longer deprecated'],
  ['unstable', 'is no longer unstable'],
])
