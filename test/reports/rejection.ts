/** What a call rejects with; fails the test where it resolves. */
export async function rejectionOf(call: PromiseLike<unknown>): Promise<Error> {
  let value: unknown
  try {
    value = await call
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
  throw new Error(`it was not rejected, and resolved with ${JSON.stringify(value)}`)
}
