/** A copy of `value` that lacks the property `key`. */
export function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const copy: Partial<T> = { ...value }
  // A rest pattern would leave a variable behind that nothing reads.
  Reflect.deleteProperty(copy, key)
  return copy as Omit<T, K>
}
