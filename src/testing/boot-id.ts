import { Random } from './random.ts'

/** The id that a kernel draws at each boot, in the words of `/proc/sys/kernel/random/boot_id`. */
export function bootIdOf(seed: number, boot: number): string {
  const random = new Random(seed).fork(`boot ${boot}`)
  const digits = (count: number): string =>
    Array.from({ length: count }, () => random.integer(0, 15).toString(16)).join('')
  return `${digits(8)}-${digits(4)}-4${digits(3)}-${random.pick(['8', '9', 'a', 'b'])}${digits(3)}-${digits(12)}`
}
