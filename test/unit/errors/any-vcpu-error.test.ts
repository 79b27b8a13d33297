import { expectTypeOf, test } from 'vitest'
import {
  CommandError,
  ConnectionError,
  InputError,
  RefusedError,
  TimeoutError,
  type AnyVcpuError,
  type RefusalCode,
  type VcpuError,
} from '../../../src/index.ts'

declare const error: AnyVcpuError

test('an error narrows by its name, and its code is literal', () => {
  const read = (): void => {
    expectTypeOf(error).toExtend<VcpuError>()
    if (error.name === 'RefusedError') expectTypeOf(error.code).toEqualTypeOf<RefusalCode>()
    if (error.name === 'TimeoutError') expectTypeOf(error.code).toEqualTypeOf<'ERR_TIMEOUT'>()
    if (error.name === 'ScaleError') expectTypeOf(error.code).toEqualTypeOf<'ERR_SCALE_INCOMPLETE'>()
    if (error.name === 'CommandError') expectTypeOf(error).toEqualTypeOf<CommandError>()
    // @ts-expect-error: there is no error of that name
    if (error.name === 'NoSuchError') return
  }
  expectTypeOf(read).returns.toBeVoid()
})

test('classes and codes agree when the program runs, too', ({ expect }) => {
  const errors = [
    new CommandError('x', 'GenericError', 'y'),
    new ConnectionError('ERR_CLOSED', 'x'),
    new InputError('ERR_STATE', 'x'),
    new RefusedError('ERR_UNSURE', 'x', 1),
    new TimeoutError('x'),
  ]
  expect(errors.map(({ name, code }) => [name, code])).toEqual([
    ['CommandError', 'ERR_COMMAND'],
    ['ConnectionError', 'ERR_CLOSED'],
    ['InputError', 'ERR_STATE'],
    ['RefusedError', 'ERR_UNSURE'],
    ['TimeoutError', 'ERR_TIMEOUT'],
  ])
  // A declared field must not hide what the base class has set.
  for (const error of errors) expect(Object.hasOwn(error, 'code')).toBe(true)
})
