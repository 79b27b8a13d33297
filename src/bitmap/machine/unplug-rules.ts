/** x86, pseries and LoongArch alike keep the slot they booted on, which is the one with index 0. */
export function isBootSlot(firstId: number): boolean {
  return firstId === 0
}

/**
 * s390x plugs vCPUs and never unplugs one.
 *
 * @param target - QEMU's name of the architecture
 */
export function neverUnplugs(target: string | undefined): target is 's390x' {
  return target === 's390x'
}
