/** What a client of the control port is told when a call fails: by the daemon, or because there is no daemon to ask. */

/** Codes that come from the client itself, each with what it stands for; every other one is the daemon's `data.code`. */
export const CLIENT_CODES = {
  'no-daemon': 'no daemon answers there, or none came back in time',
  'no-cookie': 'something answers there, and there is no cookie to show it',
  'not-loopback': 'the address is another machine, and the token and keys go to this one only',
  'not-the-daemon': 'what answers there does not know the cookie; it was told nothing',
  'connection-lost': 'the connection closed before the answer came: whether the call was carried out is not known',
  'bad-answer': 'what came is no answer of this protocol: the daemon may be of another version',
  aborted: 'the call was given up by its caller, or the client was closed',
} as const

export type ClientCode = keyof typeof CLIENT_CODES

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
