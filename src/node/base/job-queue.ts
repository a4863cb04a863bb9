/** Runs async jobs one at a time, in order of submission. A job that fails does not stop the next. */
export class JobQueue {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(job: () => Promise<T>): Promise<T> {
    const next = this.#last.then(job, job)
    this.#last = next.catch(() => undefined)
    return next
  }

  /** Resolves when every job submitted so far has ended. */
  async idle(): Promise<void> {
    await this.#last
  }
}
