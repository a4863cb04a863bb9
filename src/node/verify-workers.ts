/**
 * Checks lists of signatures on threads of their own, of which there are as many as leave one core to everything else. They
 * start when they are first needed. OpenSSL's answers alone (decision 0004): whoever is told no looks again.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Block } from '../dag/block.ts'
import { Bug } from '../dag/faults.ts'
import type { AuthorKey, BlockId } from '../dag/ids.ts'
import { SIGNATURE_BYTES } from '../dag/limits.ts'
import type { Logger } from './log.ts'

/** More than that check faster than one thread can take in. */
const MOST_THREADS = 3

export interface VerifyQuestion {
  readonly number: number
  readonly authors: readonly AuthorKey[]
  readonly ids: readonly BlockId[]
  /** One after the other. */
  readonly signatures: Uint8Array
}

export interface VerifyAnswer {
  readonly number: number
  /** By position in the question. */
  readonly holds: readonly boolean[]
}

/** Which of these blocks have a signature that is known to hold; of the others nothing is known. */
export type VerifyBlocks = (blocks: readonly Block[]) => Promise<readonly boolean[]>

interface Thread {
  readonly worker: Worker
  /** What to do with the answer to each question that it was asked and has not answered. */
  readonly asked: Map<number, (holds: readonly boolean[]) => void>
}

export class VerifyWorkers {
  readonly #log: Logger
  #threads: readonly Thread[] | undefined
  #lastNumber = 0

  constructor({ log }: { readonly log: Logger }) {
    this.#log = log
  }

  readonly verify: VerifyBlocks = (blocks) => {
    this.#threads ??= this.#start()
    const [first, ...others] = this.#threads
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
    return Array.from({ length: count }, () => {
      const worker = new Worker(new URL('./verify-worker.js', import.meta.url))
      const thread: Thread = { worker, asked: new Map() }
      worker.unref()
      worker.on('message', ({ number, holds }: VerifyAnswer) => {
        const resolve = thread.asked.get(number)
        thread.asked.delete(number)
        resolve?.(holds)
      })
      worker.on('error', (error) => this.#log.warn('verify.thread-failed', { why: error.message }))
      worker.on('exit', () => {
        this.#threads = this.#threads?.filter((other) => other !== thread) ?? []
        for (const resolve of thread.asked.values()) resolve([])
        thread.asked.clear()
      })
      return thread
    })
  }
}

function questionOf(number: number, blocks: readonly Block[]): VerifyQuestion {
  const signed = blocks.map(({ id, header: { author }, signature }) => {
    if (author === undefined || signature?.byteLength !== SIGNATURE_BYTES)
      throw new Bug('only signed blocks are asked about')
    return { id, author, signature }
  })
  const signatures = new Uint8Array(signed.length * SIGNATURE_BYTES)
  signed.forEach(({ signature }, n) => {
    signatures.set(signature, n * SIGNATURE_BYTES)
  })
  return { number, authors: signed.map(({ author }) => author), ids: signed.map(({ id }) => id), signatures }
}
