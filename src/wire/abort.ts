/** What is to be done when a signal aborts, by signal; each signal in here carries one listener of ours. */
const tasksBySignal = new WeakMap<AbortSignal, Set<Task>>()

interface Task {
  readonly run: (reason: unknown) => void
}

/**
 * Call `run` with the signal's reason when it aborts, until the function returned is called. However many calls share a signal, they add
 * one listener to it: thousands of calls under one signal are no leak, and Node must not warn of one.
 */
export function onAbort(signal: AbortSignal | undefined, run: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => undefined
  const tasks = tasksBySignal.get(signal) ?? watch(signal)
  const task: Task = { run }
  tasks.add(task)
  return () => {
    tasks.delete(task)
    if (tasks.size === 0) unwatch(signal, tasks)
  }
}

const listeners = new WeakMap<Set<Task>, () => void>()

function watch(signal: AbortSignal): Set<Task> {
  const tasks = new Set<Task>()
  const listener = (): void => {
    unwatch(signal, tasks)
    // A task may end others; those are then not run.
    for (const task of [...tasks]) if (tasks.delete(task)) task.run(signal.reason)
  }
  tasksBySignal.set(signal, tasks)
  listeners.set(tasks, listener)
  signal.addEventListener('abort', listener, { once: true })
  return tasks
}

function unwatch(signal: AbortSignal, tasks: Set<Task>): void {
  const listener = listeners.get(tasks)
  if (listener !== undefined) signal.removeEventListener('abort', listener)
  if (tasksBySignal.get(signal) === tasks) tasksBySignal.delete(signal)
}

/**
 * Wait for `promise` until the signal aborts. The promise itself goes on; this wait leaves no listener behind.
 *
 * @throws the signal's reason
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // Its wait may have ended by the time it fails; that is no uncaught error.
  promise.catch(() => undefined)
  signal.throwIfAborted()
  let release = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    release = onAbort(signal, reject)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    release()
  }
}
