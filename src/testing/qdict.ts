/** QEMU's dictionaries have so many buckets. */
const BUCKETS = 512

/**
 * The order in which QEMU looks at the members of an object, whatever order they came in: by the bucket of their hash
 * (qobject/qdict.c). It decides which of two mistakes is the one that is told.
 */
export function inDictionaryOrder(keys: readonly string[]): readonly string[] {
  const buckets = keys.map((key, at) => ({ key, bucket: hashOf(key) % BUCKETS, at }))
  // The last one to come is the first in its bucket.
  return buckets.sort((a, b) => a.bucket - b.bucket || b.at - a.at).map(({ key }) => key)
}

function hashOf(key: string): number {
  const bytes = Buffer.from(key)
  let value = Math.imul(0x238f13af, bytes.length)
  for (const [at, byte] of bytes.entries()) value = (value + (byte << ((at * 5) % 24))) | 0
  return (Math.imul(1_103_515_245, value) + 12_345) >>> 0
}
