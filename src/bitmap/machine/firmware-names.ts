/** `\_SB_.CPUS.C005`: QEMU names the ACPI device of a slot after its cpu-index, in hex (hw/acpi/cpu.c). */
export function acpiPathOf(cpuIndex: number): string {
  return `\\_SB_.CPUS.C${cpuIndex.toString(16).toUpperCase().padStart(3, '0')}`
}

/** The cpu-index in an ACPI path; `undefined` for the path of anything else. */
export function indexOfAcpiPath(path: string): number | undefined {
  const digits = /\.C([0-9A-F]{3,6})$/.exec(path)?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits, 16)
}

/**
 * The cpu-index of a hardware thread of pseries, which spaces the ids of its cores by the machine's `vsmt` and not by their
 * threads (hw/ppc/spapr.c); `undefined` for an id that no thread has.
 */
export function indexOfHardwareId(hardwareId: number, threads: number, vsmt: number): number | undefined {
  const thread = hardwareId % vsmt
  return thread < threads ? Math.floor(hardwareId / vsmt) * threads + thread : undefined
}
