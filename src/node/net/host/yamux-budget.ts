/**
 * Counts the yamux frames of one connection that carry nothing, or next to nothing (spec §8). They are below all streams,
 * so that no window bounds them, and each costs as much as one that is full: an answer to a ping, a window update. What an
 * honest peer sends of them follows from what passes over the connection, and is not counted against it.
 */
import { Bucket } from '../../../protocol/token-bucket.ts'
import {
  ANSWERS_PER_STREAM,
  CONTROL_FRAMES,
  CONTROL_FRAMES_PER_STREAM,
  FRAME_BYTES_EXPECTED,
  FRAMES_IN_CREDIT,
  REFUSED_PROTOCOLS,
  SMALL_FRAMES,
} from '../../../protocol/stream-limits.ts'

/** Frames that were earned, at most `FRAMES_IN_CREDIT`; beyond them a token bucket. */
class Account {
  readonly #bucket: Bucket
  #credit = 0

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  earn(frames: number): void {
    this.#credit = Math.min(FRAMES_IN_CREDIT, this.#credit + frames)
  }

  /** Takes one; false if there is none. */
  take(nowMs: number): boolean {
    if (this.#credit < 1) return this.#bucket.take(nowMs)
    this.#credit -= 1
    return true
  }
}

/** Each method that returns a boolean returns false when the frame is one too many. */
export class YamuxBudget {
  readonly #control: Account
  readonly #data: Account
  readonly #answers: Account
  readonly #nowMs: () => number

  /** @param nowMs - in milliseconds of any clock */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
    this.#control = new Account(new Bucket(CONTROL_FRAMES, nowMs()))
    this.#data = new Account(new Bucket(SMALL_FRAMES, nowMs()))
    this.#answers = new Account(new Bucket(REFUSED_PROTOCOLS, nowMs()))
  }

  /** A stream was opened, by either side: acknowledged, ended or reset, and its window grows. */
  onStream(): void {
    this.#control.earn(CONTROL_FRAMES_PER_STREAM)
    this.#answers.earn(ANSWERS_PER_STREAM)
  }

  /** This side sent data, or a ping: the other side answers each with one control frame. */
  onAsked(): void {
    this.#control.earn(1)
  }

  /** This side answers on a stream whose protocol is not agreed on yet: most often that it does not speak the one asked for. */
  takeAnswer(): boolean {
    return this.#answers.take(this.#nowMs())
  }

  /** A frame without data has come: ping, window update, reset, GOAWAY, or empty data. */
  takeControl(): boolean {
    return this.#control.take(this.#nowMs())
  }

  /** A frame with so many bytes of data has come. */
  takeData(bytes: number): boolean {
    this.#data.earn(bytes / FRAME_BYTES_EXPECTED)
    return this.#data.take(this.#nowMs())
  }
}
