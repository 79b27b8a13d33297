/**
 * A random integer of so many bits, at most 53, that cannot be guessed from others.
 *
 * From the global `crypto`, which Node loads at its first use: an `import` of `node:crypto` takes as long as that of `node:net`.
 */
export function randomBits(bits: number): number {
  const [drawn = 0n] = globalThis.crypto.getRandomValues(new BigUint64Array(1))
  return Number(BigInt.asUintN(bits, drawn))
}
