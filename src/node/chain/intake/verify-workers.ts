/**
 * Checks lists of signatures on threads of their own, of which there are as many as leave one core to everything else. They
 * start when blocks are about to come. Native answers alone (decision 0004): whoever is told no looks again.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Block } from '../../../dag/block.ts'
import { Bug } from '../../../dag/result.ts'
import type { AuthorKey } from '../../../dag/ids.ts'
import { SIGNATURE_BYTES } from '../../../dag/block-limits.ts'
import { SIGNED_BYTES, writeSignedBytes } from '../../../dag/native-ed25519.ts'
import type { Logger } from '../../base/log.ts'

/** More than that check faster than one thread can take in. */
const MOST_THREADS = 3

/** Signatures to be checked, packed: what is said to a thread is copied there, and small things cost most. */
export interface VerifyQuestion {
  readonly number: number
  /** Each once. */
  readonly authors: readonly AuthorKey[]
  /** By signature: which of the authors. */
  readonly whose: Uint16Array
  /** What is signed, one after the other. */
  readonly messages: Uint8Array
  /** One after the other. */
  readonly signatures: Uint8Array
}

export interface VerifyAnswer {
  readonly number: number
  /** By position in the question. */
  readonly holds: readonly boolean[]
}

export interface BlockVerifier {
  /** There will be something to verify soon: what takes a while to start may start now. Resolves when it is of use. */
  prepare(): Promise<void>
  /** Which of these blocks have a signature that is known to hold; of the others nothing is known. */
  verify(blocks: readonly Block[]): Promise<readonly boolean[]>
}

/** What a thread says first: it takes a while to start. */
export type Up = 'up'

interface Thread {
  readonly worker: Worker
  /** Resolves when it has started, or never will. */
  readonly started: Promise<undefined>
  /** Until then it is asked nothing: the asking thread is done before. */
  isUp: boolean
  /** What to do with the answer to each question that it was asked and has not answered. */
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
    // Without threads everything is checked in its turn.
    if (first === undefined) return Promise.resolve([])
    const { worker, asked } = others.reduce((best, one) => (one.asked.size < best.asked.size ? one : best), first)
    const number = ++this.#lastNumber
    const { promise, resolve } = Promise.withResolvers<readonly boolean[]>()
    asked.set(number, resolve)
    worker.postMessage(questionOf(number, blocks))
    return promise
  }

  /** Whatever is still asked is answered with nothing known. */
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
      // Where no more may be started there are fewer, or none.
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
