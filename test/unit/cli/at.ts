/** The element at `index`; fails the test where there is none. */
export function at<T>(items: readonly T[], index: number): T {
  const item = items[index]
  if (item === undefined) throw new Error(`there are only ${items.length} items, none at ${index}`)
  return item
}
