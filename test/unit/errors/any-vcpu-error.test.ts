import { expectTypeOf, test } from 'vitest'
import {
  CommandError,
  ConnectionError,
  GuestChangeError,
  type GuestRefusedError,
  InputError,
  RefusedError,
  TimeoutError,
  VcpuError,
  type AnyVcpuError,
  type GuestChangeCode,
  type RefusalCode,
} from '../../../src/index.ts'
import { guestChangeCodeOf } from '../../../src/domain/change/guest-change-error.ts'

declare const error: AnyVcpuError

test('an error narrows by its name, and its code is literal', () => {
  const read = (): void => {
    expectTypeOf(error).toExtend<VcpuError>()
    if (error.name === 'RefusedError') expectTypeOf(error.code).toEqualTypeOf<RefusalCode>()
    if (error.name === 'TimeoutError') expectTypeOf(error.code).toEqualTypeOf<'ERR_TIMEOUT'>()
    if (error.name === 'ScaleError') expectTypeOf(error.code).toEqualTypeOf<'ERR_SCALE_INCOMPLETE'>()
    if (error.name === 'GuestChangeError') expectTypeOf(error.code).toEqualTypeOf<GuestChangeCode>()
    if (error.code === 'ERR_GUEST_NOT_LISTED') expectTypeOf(error).toEqualTypeOf<GuestChangeError>()
    if (error.code === 'ERR_GUEST_REFUSED') {
      expectTypeOf(error).toEqualTypeOf<GuestRefusedError | GuestChangeError>()
    }
    // Literal for every class: a code that is none is a mistake that the compiler finds.
    expectTypeOf<string>().not.toExtend<AnyVcpuError['code']>()
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

test('a half-done change has the code of its cause, where that is one of this package', ({ expect }) => {
  const failed = (code: GuestChangeCode): GuestChangeError =>
    new GuestChangeError('x', { code, failedStep: 'online-in-guest', steps: [], outcome: 'partial' })
  expect(failed('ERR_TIMEOUT')).toMatchObject({ name: 'GuestChangeError', code: 'ERR_TIMEOUT' })
  expect(guestChangeCodeOf(new TimeoutError('x'))).toBe('ERR_TIMEOUT')
  expect(guestChangeCodeOf(new RefusedError('ERR_UNSURE', 'x', 1))).toBe('ERR_UNSURE')
  expect(guestChangeCodeOf(new CallersError('toString', 'x'))).toBe('ERR_EXECUTOR')
})

class CallersError extends VcpuError {
  override readonly name = 'CallersError'
}
