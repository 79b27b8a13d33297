import type { Dialer } from './target.ts'

/**
 * The same dialer, which says when it failed in the turn of the event loop that it was called in: nothing had to be waited for,
 * so that to ask again costs next to nothing. An endpoint in memory at which nothing listens is such a one; a program or
 * a TCP connection is not.
 */
export function watchDialer(dialer: Dialer, onCheapFailure: () => void): Dialer {
  return async () => {
    const turn = { isOver: false }
    setImmediate(() => {
      turn.isOver = true
    })
    try {
      return await dialer()
    } catch (error) {
      if (!turn.isOver) onCheapFailure()
      throw error
    }
  }
}
