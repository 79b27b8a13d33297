// Plain loops: the array methods call a function for each word. They read back what they copied, which is in the cache.
import { trimWords, type Words } from './words.ts'

/** What is in either set. */
export function unite(one: Words, other: Words): Words {
  const isLonger = one.length >= other.length
  const shorter = isLonger ? other : one
  const words = (isLonger ? one : other).slice()
  for (let at = 0; at < shorter.length; at++) words[at] = (words[at] ?? 0) | (shorter[at] ?? 0)
  return words
}

/** What is in both sets. */
export function intersect(one: Words, other: Words): Words {
  const isLonger = one.length >= other.length
  const longer = isLonger ? one : other
  const words = (isLonger ? other : one).slice()
  for (let at = 0; at < words.length; at++) words[at] = (words[at] ?? 0) & (longer[at] ?? 0)
  return trimWords(words)
}

/** What is in the one set and not in the other. */
export function subtract(one: Words, other: Words): Words {
  const words = one.slice()
  const end = Math.min(one.length, other.length)
  for (let at = 0; at < end; at++) words[at] = (words[at] ?? 0) & ~(other[at] ?? 0)
  return trimWords(words)
}

/** Whether the other set holds each id of the one. */
export function isSubset(one: Words, other: Words): boolean {
  if (one.length > other.length) return false
  for (let at = 0; at < one.length; at++) if (((one[at] ?? 0) & ~(other[at] ?? 0)) !== 0) return false
  return true
}

/** Whether both sets hold the same ids. */
export function isEqual(one: Words, other: Words): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
  return true
}
