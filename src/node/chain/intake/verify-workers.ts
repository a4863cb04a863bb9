/**
 * Checks lists of signatures on worker threads. There are enough of them to leave one core to everything else; they start
 * when blocks are expected. They give native answers only (decision 0004): a "no" is checked again by the caller.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Block } from '../../../dag/block.ts'
import { Bug } from '../../../dag/result.ts'
import type { AuthorKey } from '../../../dag/ids.ts'
import { SIGNATURE_BYTES } from '../../../dag/block-limits.ts'
import { SIGNED_BYTES, writeSignedBytes } from '../../../dag/native-ed25519.ts'
import type { Logger } from '../../base/log.ts'

/** More threads would check faster than one thread can import. */
const MOST_THREADS = 3

/** Signatures to be checked. Packed, because a message to a thread is copied, and many small objects are the slowest to copy. */
export interface VerifyQuestion {
  readonly number: number
  /** Without duplicates. */
  readonly authors: readonly AuthorKey[]
  /** By signature: position of its author in `authors`. */
  readonly whose: Uint16Array
  /** Signed bytes, concatenated. */
  readonly messages: Uint8Array
  /** Concatenated. */
  readonly signatures: Uint8Array
}

export interface VerifyAnswer {
  readonly number: number
  /** By position in the question. */
  readonly holds: readonly boolean[]
}

export interface BlockVerifier {
  /** Blocks are expected soon: starts the threads. Resolves when they are up. */
  prepare(): Promise<void>
  /** `true` for each block whose signature holds; anything else means that nothing is known. */
  verify(blocks: readonly Block[]): Promise<readonly boolean[]>
}

/** The first message of a thread, once it has started. */
export type Up = 'up'

interface Thread {
  readonly worker: Worker
  /** Resolves when it is up, or has ended. */
  readonly started: Promise<undefined>
  /** A thread that is not up is asked nothing: this thread would be done before it. */
  isUp: boolean
  /** Resolvers of the questions that are not answered yet. */
  readonly asked: Map<number, (holds: readonly boolean[]) => void>
}

export class VerifyWorkers implements BlockVerifier {
  readonly #log: Logger
  #threads: readonly Thread[] | undefined
  #lastNumber = 0

  constructor({ log }: { readonly log: Logger }) {
    this.#log = log
  }

  async prepare(): Promise<void> {
    this.#threads ??= this.#start()
    await Promise.all(this.#threads.map(({ started }) => started))
  }

  verify(blocks: readonly Block[]): Promise<readonly boolean[]> {
    this.#threads ??= this.#start()
    const [first, ...others] = this.#threads.filter(({ isUp }) => isUp)
    // Without threads each signature is checked in its turn.
    if (first === undefined) return Promise.resolve([])
    const { worker, asked } = others.reduce((best, one) => (one.asked.size < best.asked.size ? one : best), first)
    const number = ++this.#lastNumber
    const { promise, resolve } = Promise.withResolvers<readonly boolean[]>()
    asked.set(number, resolve)
    worker.postMessage(questionOf(number, blocks))
    return promise
  }

  /** Open questions are answered with nothing known. */
  async stop(): Promise<void> {
    const threads = this.#threads ?? []
    this.#threads = []
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }

  #start(): Thread[] {
    const count = Math.min(MOST_THREADS, Math.max(1, availableParallelism() - 1))
    const threads: Thread[] = []
    try {
      while (threads.length < count) threads.push(this.#startOne())
    } catch (error) {
      // The system refuses more threads: go on with fewer, or none.
      this.#log.warn('verify.thread-failed', { why: String(error) })
    }
    return threads
  }

  #startOne(): Thread {
    const worker = new Worker(new URL('./verify-worker.js', import.meta.url))
    const { promise: started, resolve: onStarted } = Promise.withResolvers<undefined>()
    const thread: Thread = { worker, started, isUp: false, asked: new Map() }
    worker.unref()
    worker.on('message', (said: VerifyAnswer | Up) => {
      if (said === 'up') {
        thread.isUp = true
        onStarted(undefined)
        return
      }
      const { number, holds } = said
      const resolve = thread.asked.get(number)
      thread.asked.delete(number)
      resolve?.(holds)
    })
    worker.on('error', (error) => this.#log.warn('verify.thread-failed', { why: error.message }))
    worker.on('exit', () => {
      this.#threads = this.#threads?.filter((other) => other !== thread) ?? []
      for (const resolve of thread.asked.values()) resolve([])
      thread.asked.clear()
      onStarted(undefined)
    })
    return thread
  }
}

function questionOf(number: number, blocks: readonly Block[]): VerifyQuestion {
  const numbers = new Map<AuthorKey, number>()
  const whose = new Uint16Array(blocks.length)
  const messages = new Uint8Array(blocks.length * SIGNED_BYTES)
  const signatures = new Uint8Array(blocks.length * SIGNATURE_BYTES)
  for (const [n, { id, header, signature }] of blocks.entries()) {
    const { author } = header
    if (author === undefined || signature?.byteLength !== SIGNATURE_BYTES)
      throw new Bug('only signed blocks are asked about')
    const place = numbers.get(author) ?? numbers.size
    numbers.set(author, place)
    whose[n] = place
    writeSignedBytes(id, messages, n * SIGNED_BYTES)
    signatures.set(signature, n * SIGNATURE_BYTES)
  }
  return { number, authors: [...numbers.keys()], whose, messages, signatures }
}
