/**
 * The unsent bytes of one connection (spec §10): a queue in front of the socket, handed over piece by piece. So it is known
 * how much waits and whether the client still reads, which the socket's own buffer does not say of a long answer.
 */
import type { Duplex } from 'node:stream'

/** Small, so that a client that reads slowly is seen to read. */
const PIECE_BYTES = 256 * 1024

export interface SenderOptions {
  /** Unsent bytes beyond which a client must go on reading. */
  readonly bufferedBytes: number
  /** How long a client with more may read nothing. */
  readonly stalledMs: number
  /** Called once, when it read nothing for that long. */
  readonly onStalled: () => void
}

/**
 * Invariants:
 * - `#waiting` counts the bytes of `#queue` and of the piece that the socket has.
 * - `#pump` runs while `#queue` is not empty; `#timer` is set only while more than `bufferedBytes` wait.
 */
export class Sender {
  readonly #socket: Duplex
  readonly #options: SenderOptions
  readonly #queue: Buffer[] = []
  readonly #drained = new Set<() => void>()
  #waiting = 0
  #isPumping = false
  #timer: NodeJS.Timeout | undefined

  constructor(socket: Duplex, options: SenderOptions) {
    this.#socket = socket
    this.#options = options
    socket.once('close', () => this.#drop())
  }

  get waiting(): number {
    return this.#waiting
  }

  push(bytes: Buffer): void {
    if (!this.#socket.writable) return
    this.#queue.push(bytes)
    this.#waiting += bytes.byteLength
    this.#watch()
    if (!this.#isPumping) void this.#pump()
  }

  /** Resolves when at most so many bytes wait, or when the socket is closed. */
  async until(bytes: number): Promise<void> {
    while (this.#waiting > bytes && !this.#socket.destroyed) {
      await new Promise<void>((resolve) => this.#drained.add(resolve))
    }
  }

  async #pump(): Promise<void> {
    this.#isPumping = true
    for (let bytes = this.#next(); bytes !== undefined; bytes = this.#next()) {
      for (let from = 0; from < bytes.byteLength && this.#socket.writable; from += PIECE_BYTES) {
        const piece = bytes.subarray(from, from + PIECE_BYTES)
        // An error closes the socket, which drops what waits.
        await new Promise<void>((resolve) => this.#socket.write(piece, () => resolve()))
        this.#waiting = Math.max(0, this.#waiting - piece.byteLength)
        clearTimeout(this.#timer)
        this.#timer = undefined
        this.#watch()
        this.#wake()
      }
    }
    this.#isPumping = false
  }

  /** As many answers as fit in a piece, in one: a write to the socket costs more than the copy. */
  #next(): Buffer | undefined {
    const [first, second] = this.#queue
    if (first === undefined || second === undefined || first.byteLength + second.byteLength > PIECE_BYTES) {
      return this.#queue.shift()
    }
    let bytes = 0
    const end = this.#queue.findIndex((each) => (bytes += each.byteLength) > PIECE_BYTES)
    return Buffer.concat(this.#queue.splice(0, end === -1 ? this.#queue.length : end))
  }

  #watch(): void {
    const { bufferedBytes, stalledMs, onStalled } = this.#options
    if (this.#waiting <= bufferedBytes || this.#timer !== undefined) return
    this.#timer = setTimeout(onStalled, stalledMs)
  }

  #drop(): void {
    clearTimeout(this.#timer)
    this.#queue.length = 0
    this.#waiting = 0
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#drained) resolve()
    this.#drained.clear()
  }
}
