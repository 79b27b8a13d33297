/** What lets the guest itself say which of its CPUs is which vCPU. */
export const ALLOW_FILES =
  'allow the agent guest-file-open, guest-file-read and guest-file-close (allow-rpcs and block-rpcs of qemu-ga.conf), so ' +
  'that the guest itself says which it is'

/**
 * What a caller can do where it is not known which CPU of the guest a vCPU is.
 *
 * @param without - the same change without the guest, in words
 */
export function wayOut(without: string): string {
  return `${ALLOW_FILES}; or accept a lower confidence (--confidence, leastConfidence); or ${without} (without --guest)`
}
