/** After a plug in QEMU alone. */
export const BARE_PLUG =
  'unless the guest turns it on by itself, it does not use it yet: --guest (with --qga) turns it on there and verifies it'
