/**
 * What a simulated peer answers when it refuses a command: QAPI's error class and the words for people. Throw one in a
 * handler to make the command fail.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  /** QAPI's class: `GenericError`, `CommandNotFound`, `CommandDisabled`, `DeviceNotFound`, … */
  readonly errorClass: string

  constructor(description: string, errorClass = 'GenericError') {
    super(description)
    this.errorClass = errorClass
  }
}
