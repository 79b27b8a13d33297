/** What the guest kit could not do, and what to do about it. Its message is written for the person at the terminal. */
export class KitError extends Error {
  override readonly name = 'KitError'
}

/** One human line about something that takes long. */
export type Progress = (line: string) => void

/** The {@link Progress} of a caller who does not want any. */
export const silent: Progress = () => undefined
