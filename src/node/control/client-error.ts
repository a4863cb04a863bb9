/** What a client of the control port is told when a call fails: by the daemon, or because there is no daemon to ask. */

/** Codes that come from the client itself; every other one is the daemon's `data.code`. */
export type ClientCode =
  'no-daemon' | 'no-cookie' | 'not-loopback' | 'not-the-daemon' | 'connection-lost' | 'bad-answer' | 'aborted'

export class ClientError extends Error {
  override readonly name = 'ClientError'
  /** A {@link ClientCode}, or the `data.code` that the daemon sent. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** An error that the client itself finds; the type keeps its codes in one list. */
export function clientError(code: ClientCode, message: string): ClientError {
  return new ClientError(code, message)
}
