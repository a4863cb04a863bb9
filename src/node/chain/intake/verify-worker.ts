/** Entry of a worker thread that checks lists of signatures, for `verify-workers.ts`. */
import { parentPort } from 'node:worker_threads'
import { SIGNATURE_BYTES } from '../../../dag/block-limits.ts'
import { SIGNED_BYTES, verifyQuickly } from '../../../dag/native-ed25519.ts'
import type { Up, VerifyAnswer, VerifyQuestion } from './verify-workers.ts'

parentPort?.on('message', ({ number, authors, whose, messages, signatures }: VerifyQuestion) => {
  const holds: boolean[] = []
  for (let n = 0; n < whose.length; n += 1) {
    const author = authors[whose[n] ?? 0]
    const message = messages.subarray(n * SIGNED_BYTES, (n + 1) * SIGNED_BYTES)
    const signature = signatures.subarray(n * SIGNATURE_BYTES, (n + 1) * SIGNATURE_BYTES)
    holds.push(author !== undefined && verifyQuickly(author, message, signature))
  }
  parentPort?.postMessage({ number, holds } satisfies VerifyAnswer)
})
parentPort?.postMessage('up' satisfies Up)
