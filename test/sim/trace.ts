/** What happened in a run: counted, and all of it in one hash, so that two runs can be told apart by a word. */
import { createHash } from 'node:crypto'

export class Trace {
  readonly #hash = createHash('sha256')
  /** Announcements and sync messages that arrived, with their bytes. */
  messages = 0
  gossipBytes = 0
  syncBytes = 0
  /** Pulls that ended, in whatever way, and those that were cut. */
  exchanges = 0
  cuts = 0
  /** Pulls that were cut because others waited for them, or they for each other; replies that never came. */
  overtaken = 0
  stalls = 0
  /** Blocks withdrawn at some core. */
  withdrawals = 0
  /** Times that a core kept blocks back (spec §5, *Throttle*). */
  delays = 0
  /** What must not happen, in words. */
  readonly problems: string[] = []
  /** When some core last changed what it accepts. */
  lastChangeMs = 0

  /** Everything that a run does comes by here. */
  note(atMs: number, what: string, bytes: Uint8Array = new Uint8Array(0)): void {
    this.#hash.update(`${String(atMs)} ${what} ${String(bytes.byteLength)}\n`).update(bytes)
  }

  gossip(atMs: number, what: string, bytes: Uint8Array): void {
    this.messages += 1
    this.gossipBytes += bytes.byteLength
    this.note(atMs, what, bytes)
  }

  sync(atMs: number, what: string, bytes: Uint8Array): void {
    this.messages += 1
    this.syncBytes += bytes.byteLength
    this.note(atMs, what, bytes)
  }

  problem(text: string): void {
    this.problems.push(text)
  }

  /** To be asked for once, at the end. */
  digest(): string {
    return this.#hash.digest('hex')
  }
}
