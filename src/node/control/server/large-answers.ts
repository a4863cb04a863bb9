/**
 * Answers that may be large, one after another on a connection (spec §10): the next is made when the client has read the
 * one before. So whoever does not read makes the daemon hold one of them, not as many as there are calls.
 */
import { ControlError } from '../error-codes.ts'

/** The large answers of one connection. */
export class LargeAnswers {
  readonly #untilRead: () => Promise<void>
  readonly #batchBytes: number
  #last: Promise<unknown> = Promise.resolve()

  /** @param untilRead - resolves when nothing waits for the client @param batchBytes - of all answers in one line */
  constructor(untilRead: () => Promise<void>, batchBytes: number) {
    this.#untilRead = untilRead
    this.#batchBytes = batchBytes
  }

  /** For the calls of one line, which are answered together. */
  line(): LargeLine {
    return new LargeLine(async () => {
      const before = this.#last
      const held = Promise.withResolvers<undefined>()
      this.#last = held.promise
      await before
      await this.#untilRead()
      return () => held.resolve(undefined)
    }, this.#batchBytes)
  }
}

/** Invariant: `#turn` is taken by the first call of the line that needs it, and given back once, by `end`. */
export class LargeLine {
  readonly #take: () => Promise<() => void>
  readonly #limitBytes: number
  #turn: Promise<() => void> | undefined
  #running: Promise<unknown> = Promise.resolve()
  #calls = 0
  #bytes = 0

  constructor(take: () => Promise<() => void>, limitBytes: number) {
    this.#take = take
    this.#limitBytes = limitBytes
  }

  /** Makes an answer when it is its turn. @throws {ControlError} those of the line before it are too large together */
  async run(make: () => Promise<unknown>): Promise<unknown> {
    const before = this.#running
    const done = Promise.withResolvers<undefined>()
    this.#running = done.promise
    this.#calls += 1
    try {
      this.#turn ??= this.#take()
      await this.#turn
      await before
      if (this.#bytes > this.#limitBytes) throw tooLarge(this.#limitBytes)
      const answer = await make()
      // The one answer of a line may have any size.
      if (this.#calls > 1) this.#bytes += JSON.stringify(answer).length
      return answer
    } finally {
      done.resolve(undefined)
    }
  }

  /** The line is answered. */
  end(): void {
    void this.#turn?.then((release) => release())
  }
}

function tooLarge(bytes: number): ControlError {
  return new ControlError(
    'bad-request',
    `the answers of this batch have more than ${String(bytes)} bytes together: make this call on a line of its own`,
  )
}
