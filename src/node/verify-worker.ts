/** A thread that does nothing but check signatures, for `verify-workers.ts`: whole lists, so that what is said to it costs little. */
import { parentPort } from 'node:worker_threads'
import { verifyNative } from '../dag/crypto.ts'
import { SIGNATURE_BYTES } from '../dag/limits.ts'
import type { VerifyAnswer, VerifyQuestion } from './verify-workers.ts'

parentPort?.on('message', ({ number, authors, ids, signatures }: VerifyQuestion) => {
  const holds = ids.map((id, n) => {
    const author = authors[n]
    const signature = signatures.subarray(n * SIGNATURE_BYTES, (n + 1) * SIGNATURE_BYTES)
    return author !== undefined && verifyNative(author, id, signature)
  })
  parentPort?.postMessage({ number, holds } satisfies VerifyAnswer)
})
