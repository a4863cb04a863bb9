/**
 * Watches the disk of the data directory (spec §12). Below a floor of free bytes, or once a write failed for want of room,
 * nothing more may be stored: the node is read-only, and says so. It recovers by itself when there is room again.
 */
import { statfs } from 'node:fs/promises'
import type { Logger } from '../base/log.ts'
import { messageOf, type NoRoom } from './faults.ts'

/** Another program can fill gigabytes in a minute, and a look costs microseconds. */
const LOOK_MS = 5_000

/** So long a look is good enough for the next post: at 1 GB/s a program writes a tenth of the floor's default meanwhile. */
const FRESH_MS = 100

/** Before LevelDB is opened anew this much has to be free, whatever the floor: it writes its log and its index again. */
const REOPEN_BYTES = 16 * 1024 * 1024

/** Room counts as there again at this many times the floor, so that the node does not go back and forth at it. */
const ENOUGH = 1.25

export interface FreeSpaceOptions {
  readonly dir: string
  /** 0: no floor. */
  readonly floorBytes: number
}

export interface FreeSpaceModules {
  readonly log: Logger
  /** Free bytes on the disk that holds a directory; the system's answer by default. */
  readonly probe?: (dir: string) => Promise<number>
  /** There is room again after a write had failed: LevelDB takes writes again when it is opened anew. */
  readonly onRoomAfterFailure: () => void
}

/**
 * Invariants:
 * 1. `#noRoom` is set exactly while nothing may be stored. Each change of it is logged once.
 * 2. After a failed write it stays set: what was written is known only when the store has been opened anew.
 */
export class FreeSpace {
  readonly #options: FreeSpaceOptions
  readonly #modules: FreeSpaceModules
  readonly #probe: (dir: string) => Promise<number>
  readonly #timer: NodeJS.Timeout
  #noRoom: NoRoom | undefined
  #isUnknown = false
  #lookedMs = Number.NEGATIVE_INFINITY
  #looking: Promise<NoRoom | undefined> | undefined

  constructor(options: FreeSpaceOptions, modules: FreeSpaceModules) {
    this.#options = options
    this.#modules = modules
    this.#probe = modules.probe ?? freeBytesOn
    this.#timer = setInterval(() => void this.look(), LOOK_MS).unref()
  }

  /** Why nothing may be stored, as of the last look. */
  get noRoom(): NoRoom | undefined {
    return this.#noRoom
  }

  /** Looks now, unless there was room a moment ago. Returns why nothing may be stored. */
  async lookAgain(): Promise<NoRoom | undefined> {
    const isFresh = this.#noRoom === undefined && performance.now() - this.#lookedMs < FRESH_MS
    if (isFresh) return undefined
    // One look for all who ask meanwhile.
    this.#looking ??= this.look().finally(() => {
      this.#looking = undefined
    })
    return await this.#looking
  }

  /** Looks now. Returns why nothing may be stored. */
  async look(): Promise<NoRoom | undefined> {
    const { dir, floorBytes } = this.#options
    const freeBytes = await this.#free()
    this.#lookedMs = performance.now()
    if (freeBytes === undefined) return this.#noRoom
    const isEnough = freeBytes >= floorBytes * (this.#noRoom === undefined ? 1 : ENOUGH)
    if (this.#noRoom?.code === 'DISK_FULL') {
      if (isEnough && freeBytes >= REOPEN_BYTES) this.#modules.onRoomAfterFailure()
      return this.#noRoom
    }
    if (!isEnough) {
      if (this.#noRoom === undefined) this.#modules.log.error('disk.low', { dir, freeBytes, floorBytes })
      this.#noRoom = { code: 'DISK_LOW', dir, freeBytes, floorBytes }
    } else if (this.#noRoom !== undefined) {
      this.#noRoom = undefined
      this.#modules.log.warn('disk.room', { dir, freeBytes, floorBytes })
    }
    return this.#noRoom
  }

  /** A write failed because the disk is full. */
  noteFull(error: Error): void {
    if (this.#noRoom?.code === 'DISK_FULL') return
    const { dir } = this.#options
    const why = messageOf(error)
    this.#noRoom = { code: 'DISK_FULL', dir, why }
    this.#modules.log.error('disk.full', { dir, why })
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** `undefined`: the system does not say, so nothing is known; the next write tells. */
  async #free(): Promise<number | undefined> {
    const { dir } = this.#options
    try {
      const freeBytes = await this.#probe(dir)
      this.#isUnknown = false
      return freeBytes
    } catch (error) {
      if (!this.#isUnknown) this.#modules.log.warn('disk.unknown', { dir, why: messageOf(error) })
      this.#isUnknown = true
      return undefined
    }
  }
}

/** What is free for this user; some file systems keep a part for root. */
async function freeBytesOn(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir)
  return bavail * bsize
}
