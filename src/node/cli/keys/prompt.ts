/** Questions on a terminal (spec §11). Secrets are typed without an echo. */
import { Interrupted, type Io } from '../io.ts'

/** One line. @throws {Interrupted} Ctrl-C, or the end of the terminal's input */
export async function ask(question: string, io: Io, options: { readonly isSecret: boolean }): Promise<string> {
  const { read } = await import('read')
  const interrupted = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => reject(new Interrupted('Ctrl-C'))
    if (io.signal.aborted) giveUp()
    io.signal.addEventListener('abort', giveUp, { once: true })
  })
  const input = io.stdin as unknown as NodeJS.ReadableStream
  const ended = new Promise<never>((_resolve, reject) =>
    input.once('end', () => setImmediate(() => reject(new Interrupted('no more input')))),
  )
  // A waiting `once` is not worth a warning of an unhandled rejection.
  for (const never of [interrupted, ended]) never.catch(() => undefined)
  const answered = read({ prompt: question, input, output: io.stderr, silent: options.isSecret }).catch(
    (error: unknown) => {
      throw error instanceof Error && error.message === 'canceled' ? new Interrupted('Ctrl-C') : error
    },
  )
  const answer = await Promise.race([answered, interrupted, ended])
  if (options.isSecret) io.stderr.write('\n')
  return answer
}

/** Whether the answer is yes. */
export async function confirm(question: string, io: Io): Promise<boolean> {
  return /^y(es)?$/i.test((await ask(`${question} (yes or no)`, io, { isSecret: false })).trim())
}
