/**
 * How a call failed. Its error is made when somebody awaits the call, by {@link valueOf}: V8 then puts the functions that
 * await it on the error's stack, which would otherwise hold the socket's. A command that does not fail costs nothing for
 * that.
 */
export class Failure {
  readonly make: () => unknown

  constructor(make: () => unknown) {
    this.make = make
  }
}

/**
 * What a call came to.
 *
 * @throws what the {@link Failure} is of, made here: call it within the async function that awaited the call
 */
export function valueOf(settled: unknown): unknown {
  if (settled instanceof Failure) throw settled.make()
  return settled
}
