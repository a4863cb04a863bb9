/**
 * Who may use the page (spec §10, *Page*): a link has a token that opens a session once; the browser keeps the session in a
 * cookie. Of both this node keeps digests alone, those of sessions on disk, so that a restart signs nobody out.
 */
import { createHash, randomBytes } from 'node:crypto'
import { evictOldest } from '../../dag/evict-oldest.ts'
import type { WEB_LIMITS } from './web-limits.ts'

const SECRET_BYTES = 32

/** Where digests of sessions are kept, each with the time of its sign-in. */
export interface SessionStore {
  load(): Promise<readonly string[]>
  save(entries: readonly string[]): Promise<void>
}

export interface SessionsModules {
  readonly store: SessionStore
  readonly nowMs: () => number
}

type SessionLimits = Pick<typeof WEB_LIMITS, 'links' | 'linkMs' | 'sessions' | 'sessionMs'>

/** Invariant: both maps hold digests, oldest first, with the time at which they were made. */
export class Sessions {
  readonly #links = new Map<string, number>()
  readonly #sessions = new Map<string, number>()
  readonly #limits: SessionLimits
  readonly #modules: SessionsModules

  constructor(limits: SessionLimits, modules: SessionsModules) {
    this.#limits = limits
    this.#modules = modules
  }

  async load(): Promise<void> {
    for (const entry of await this.#modules.store.load()) {
      const [digest = '', madeAt = ''] = entry.split(' ')
      this.#sessions.set(digest, Number(madeAt))
    }
  }

  /** The token of a new link. */
  link(): string {
    const token = randomBytes(SECRET_BYTES).toString('hex')
    this.#links.set(digestOf(token), this.#modules.nowMs())
    evictOldest(this.#links, this.#limits.links)
    return token
  }

  /** Uses up a token: the secret of a new session, if it was that of a link. */
  async open(token: string): Promise<string | undefined> {
    const digest = digestOf(token)
    const madeAt = this.#links.get(digest)
    this.#links.delete(digest)
    if (madeAt === undefined || this.#modules.nowMs() - madeAt > this.#limits.linkMs) return undefined
    const secret = randomBytes(SECRET_BYTES).toString('hex')
    this.#sessions.set(digestOf(secret), this.#modules.nowMs())
    evictOldest(this.#sessions, this.#limits.sessions)
    await this.#save()
    return secret
  }

  isOpen(secret: string): boolean {
    const madeAt = this.#sessions.get(digestOf(secret))
    return madeAt !== undefined && this.#modules.nowMs() - madeAt <= this.#limits.sessionMs
  }

  async close(secret: string): Promise<void> {
    if (this.#sessions.delete(digestOf(secret))) await this.#save()
  }

  async #save(): Promise<void> {
    await this.#modules.store.save([...this.#sessions].map(([digest, madeAt]) => `${digest} ${String(madeAt)}`))
  }
}

/** Looked up by digest, a secret cannot be guessed digit by digit from how long the answer takes. */
function digestOf(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex')
}
