/** Every way the data directory can fail us, as coded data. */

/** Why a data directory cannot be opened. */
export type StorageFault =
  /** Another node uses this directory. */
  | { readonly code: 'DISK_LOCKED'; readonly dir: string }
  /** It is no directory, may not be read or written, or LevelDB finds its files damaged. */
  | { readonly code: 'DISK_UNREADABLE'; readonly dir: string; readonly why: string }
  /** Written by a version of this program that stores things otherwise. */
  | { readonly code: 'DISK_FORMAT'; readonly dir: string; readonly found: number; readonly expected: number }

/**
 * A disk that was open stopped working: full, unplugged, damaged, or closed. Not a defect of ours and no answer to
 * anybody's input, so thrown; after a failed write every later write fails too, because what was lost is unknown.
 */
export class StorageFailed extends Error {
  override readonly name = 'DiskFailed'
}
