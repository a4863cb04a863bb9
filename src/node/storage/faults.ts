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
