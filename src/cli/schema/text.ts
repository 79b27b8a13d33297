// Pieces of TypeScript. What comes from a peer stands in it as a literal, or in a comment that it cannot end, and steers no
// terminal: what cannot be printed is escaped as TypeScript reads it.
import { printable } from '../../index.ts'

/** A string literal. */
export function literal(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${printable(inner)}'`
}

/** The name of a member, in quotes where it needs them. */
export function memberName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name)
}

/** A comment for TSDoc, each line of which ends with a newline; empty where there is nothing to say. */
export function comment(parts: readonly string[], indent: string): string {
  if (parts.length === 0) return ''
  const lines = parts.map((part) => printable(part.replaceAll('*/', '*\\/').replace(/\s+/g, ' ')))
  if (lines.length === 1) return `${indent}/** ${lines.join('')} */\n`
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`
}

/** The features of a part of the schema, in the words of TSDoc where it has some. */
export function featureNotes(features: readonly string[]): readonly string[] {
  const others = features.filter((feature) => feature !== 'deprecated' && feature !== 'unstable')
  return [
    ...(others.length === 0 ? [] : [`QEMU's features: ${others.join(', ')}.`]),
    ...(features.includes('deprecated') ? ['@deprecated QEMU is going to remove it.'] : []),
    ...(features.includes('unstable') ? ['@experimental QEMU may change or remove it at any time.'] : []),
  ]
}
