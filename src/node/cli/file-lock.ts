/**
 * A lock on a file that several commands change (spec §11): the file `<path>.lock`, which exactly one of them can create.
 * Node has no `flock`. A lock that a killed command left behind is taken over.
 */
import { open, rm, stat, type FileHandle } from 'node:fs/promises'
import { systemClock } from '../base/clock.ts'
import { pause } from '../base/deadline.ts'
import { CommandError, Interrupted, reasonOf } from './io.ts'

/** Who has the lock needs milliseconds: past this it was killed. */
const STALE_MS = 10_000

/** Longer than {@link STALE_MS}, so that a lock left behind is waited for and then taken over. */
const PATIENCE_MS = 20_000

const RETRY_MS = 20

export interface LockOptions {
  readonly signal: AbortSignal
  readonly staleMs?: number
  readonly patienceMs?: number
}

/** Calls `change` while nobody else has the lock. @throws {CommandError} it cannot be had @throws {Interrupted} */
export async function withFileLock<T>(path: string, options: LockOptions, change: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`
  const file = await acquire(lock, options)
  try {
    return await change()
  } finally {
    // Whoever took the lock over, because this process stood still, has another file there by now.
    if (await isSame(lock, file)) await rm(lock, { force: true })
    await file.close()
  }
}

async function acquire(lock: string, options: LockOptions): Promise<FileHandle> {
  const { signal, staleMs = STALE_MS, patienceMs = PATIENCE_MS } = options
  const tries = Math.ceil(patienceMs / RETRY_MS)
  for (let left = tries; left > 0; left -= 1) {
    const file = await create(lock)
    if (file !== undefined) return file
    await removeStale(lock, staleMs)
    if (!(await pause(RETRY_MS, signal, { ref: true }))) throw new Interrupted('Ctrl-C')
  }
  throw new CommandError(`another command holds ${lock}: try again; if none runs, remove that file`)
}

/** Undefined if the file is there already. */
async function create(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw new CommandError(`cannot write ${path}: ${reasonOf(error)}`)
  }
}

/**
 * Removes a lock that is too old. Only who created a second file may do so: else one of two who saw the old lock would
 * remove the new lock of the other.
 */
async function removeStale(lock: string, staleMs: number): Promise<void> {
  if (!(await isOlder(lock, staleMs))) return
  const right = `${lock}.stale`
  const file = await create(right)
  if (file === undefined) {
    // Its owner was killed between two system calls.
    if (await isOlder(right, staleMs)) await rm(right, { force: true })
    return
  }
  try {
    if (await isOlder(lock, staleMs)) await rm(lock, { force: true })
  } finally {
    await file.close()
    await rm(right, { force: true })
  }
}

/** A time far ahead counts too: the clock was set back since. */
async function isOlder(path: string, ms: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && Math.abs(systemClock.nowMs() - found.mtimeMs) > ms
}

async function isSame(path: string, file: FileHandle): Promise<boolean> {
  const [there, ours] = await Promise.all([stat(path).catch(() => undefined), file.stat()])
  return there !== undefined && there.ino === ours.ino && there.dev === ours.dev
}
