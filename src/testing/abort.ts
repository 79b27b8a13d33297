/** QEMU does not answer this command: it ends itself, as after a failed assertion. */
export class Abort extends Error {
  override readonly name = 'Abort'
}
