/** What `act` throws. Fails the test when it throws nothing, so that a refusal cannot go missing unnoticed. */
export function thrownBy(act: () => unknown): unknown {
  let result: unknown
  try {
    result = act()
  } catch (error) {
    return error
  }
  throw new Error(`nothing was thrown; the result is ${String(result)}`)
}
