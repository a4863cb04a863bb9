/** Runs async jobs one after another, in the order they were asked for; a job that fails does not stop the next. */
export class JobQueue {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(job: () => Promise<T>): Promise<T> {
    const next = this.#last.then(job, job)
    this.#last = next.catch(() => undefined)
    return next
  }

  /** Resolves when every job asked for so far has ended. */
  async idle(): Promise<void> {
    await this.#last
  }
}
