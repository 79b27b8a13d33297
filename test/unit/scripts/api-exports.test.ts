import { expect, test } from 'vitest'
import { exportsIn, isValue } from '../../../scripts/api/exports.ts'

const REPORT = `
// @public
export function read(id: number): string;

// @public
export function read(id: string): string;

// @public
export abstract class Base {
    export: string;
}

// @public (undocumented)
export type Either = 'one' | 'two';
`

test('of a report each export once, with what it is', () => {
  const found = exportsIn(REPORT)
  expect(found).toEqual([
    { name: 'read', kind: 'function' },
    { name: 'Base', kind: 'class' },
    { name: 'Either', kind: 'type' },
  ])
  expect(found.filter(isValue).map(({ name }) => name)).toEqual(['read', 'Base'])
})

test.each(['export { a as b }', 'export default class {', 'export enum Colour {'])(
  'an export that it cannot read is not passed over: %s',
  (line) => {
    expect(() => exportsIn(line)).toThrow('not an export that can be read')
  },
)

test('nor is a name that is there twice', () => {
  expect(() => exportsIn('export class A {\nexport type A = 1;')).toThrow('A is exported twice')
})
