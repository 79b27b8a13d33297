/** Which VM an error is about, where that is known. Beside the errors: these are frozen once somebody holds them. */
const names = new WeakMap<object, string>()

/** The name that an error was given; `undefined` where it was given none. */
export function vmOf(error: object): string | undefined {
  return names.get(error)
}

/**
 * Run a task of a VM: what it fails with bears the VM's name. The first name stays.
 *
 * @throws what the task rejects with
 */
export async function named<T>(vm: string, task: () => Promise<T> | T): Promise<T> {
  try {
    return await task()
  } catch (error) {
    if (typeof error === 'object' && error !== null && !names.has(error)) names.set(error, vm)
    throw error
  }
}
