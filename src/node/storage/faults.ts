/** Every way the data directory can fail us, as coded data. */

/** Why a data directory cannot be opened. */
export type StorageFault =
  /** Another process has it open. */
  | { readonly code: 'DISK_LOCKED'; readonly dir: string }
  /** LevelDB's own files are damaged, or some of them are gone. */
  | { readonly code: 'DISK_DAMAGED'; readonly dir: string; readonly why: string }
  /** Other users may write into the directory, and it is not the node's to change that. */
  | { readonly code: 'DISK_OPEN_TO_OTHERS'; readonly dir: string; readonly why: string }
  /** Not a directory, or not readable or writable. */
  | { readonly code: 'DISK_UNREADABLE'; readonly dir: string; readonly why: string }
  /** Written by a version with another storage format. */
  | { readonly code: 'DISK_FORMAT'; readonly dir: string; readonly found: number; readonly expected: number }

/**
 * An open disk stopped working: full, unplugged, damaged, closed, removed or replaced. Thrown, since neither our code nor any input causes
 * it. After a failed write every later write fails too, because it is unknown what was lost.
 */
export class StorageFailed extends Error {
  override readonly name = 'DiskFailed'
}

/** Why nothing may be stored now: the node is read-only. */
export type NoRoom =
  /** Less is free than the floor. */
  | { readonly code: 'DISK_LOW'; readonly dir: string; readonly freeBytes: number; readonly floorBytes: number }
  /** A write failed for want of room. */
  | { readonly code: 'DISK_FULL'; readonly dir: string; readonly why: string }

/** LevelDB gives the system's words, not its code. */
const FULL = /ENOSPC|EDQUOT|no space left on device|disk quota exceeded/i

/** Whether an error means that a disk, or the user's share of it, is full. */
export function isDiskFull(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (FULL.test(cause.message) || ('code' in cause && FULL.test(String(cause.code)))) return true
  }
  return false
}

/** The words of the innermost cause: what the system said. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? messageOf(error.cause) : error.message
}
