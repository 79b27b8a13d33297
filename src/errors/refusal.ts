import { CommandError } from './peer-errors.ts'

/**
 * A refusal is an answer too, where the caller allows it: for `catch`. Every other error goes on.
 *
 * @param answer - what the refusal stands for
 */
export function onRefusal<T>(answer: (refusal: CommandError) => T): (error: unknown) => T {
  return (error) => {
    if (error instanceof CommandError) return answer(error)
    throw error
  }
}
