/**
 * The blocks of one chain that a view shows: a page of the newest, older ones when asked for, and what comes live. Never the whole
 * chain. After a lost connection the newest page is asked for again, and what changed meanwhile is seen.
 */
import { signal } from '@preact/signals'
import type { ControlEvent, ListedBlock } from '../../../../src/node/control/shapes.ts'
import { fromBase64 } from '../../../../src/node/control/client/browser-bytes.ts'
import { textOf } from '../text/bytes.ts'
import { pictureType } from '../text/picture.ts'
import { attempt, link, onEvents } from './app.ts'

/** With a picture in each, a page has some megabytes. */
const PAGE = 50
/** The most that `chain.blocks` gives of one. Longer payloads are asked for when somebody wants them. */
const INLINE_BYTES = 128 * 1024
/** Answers whose question is older than the page: so many steps up, at most. */
const MOST_STEPS = 6
/** Events that come together are asked for together. */
const GATHER_MS = 20

export const PROFILE = 'application/vnd.freechains.profile+json'

export interface Person {
  readonly pub: string
  readonly name?: string
  readonly about?: string
}

export class Feed {
  readonly chain: string
  readonly blocks = signal<ReadonlyMap<string, ListedBlock>>(new Map())
  readonly before = signal<string | undefined>(undefined)
  readonly isLoaded = signal(false)
  readonly error = signal<string | undefined>(undefined)
  readonly people = signal<ReadonlyMap<string, Person>>(new Map())
  readonly #stop: () => void
  readonly #asked = new Set<string>()
  #wanted = new Set<string>()
  #timer = 0

  constructor(chain: string) {
    this.chain = chain
    this.#stop = onEvents((event) => this.#on(event))
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#stop()
  }

  /** The newest page; what is shown besides is looked at again. */
  async load(): Promise<void> {
    try {
      const page = await link.call('chain.blocks', { chain: this.chain, page: PAGE, payloads: INLINE_BYTES })
      const first = !this.isLoaded.value
      const shown = [...this.blocks.value.keys()]
      this.#put(page.blocks)
      if (first) this.before.value = page.before
      const here = new Set(page.blocks.map(({ id }) => id))
      await this.#fetch(shown.filter((id) => !here.has(id)))
      await this.#fetchQuestions()
      this.isLoaded.value = true
      this.error.value = undefined
      void this.#fetchPeople()
    } catch (error) {
      this.error.value = error instanceof Error ? error.message : String(error)
    }
  }

  async loadOlder(): Promise<void> {
    const before = this.before.value
    if (before === undefined) return
    const page = await link.call('chain.blocks', { chain: this.chain, page: PAGE, payloads: INLINE_BYTES, before })
    this.before.value = page.before
    this.#put(page.blocks)
    await this.#fetchQuestions()
    void this.#fetchPeople()
  }

  /** Looks at these blocks again: those that a vote of mine is about, say. */
  async refresh(ids: readonly string[]): Promise<void> {
    await this.#fetch(ids)
    void this.#fetchPeople()
  }

  #on(event: ControlEvent): void {
    if (event.chain !== this.chain) return
    if (event.kind === 'removed') {
      this.blocks.value = new Map()
      return
    }
    this.#wanted.add(event.id)
    this.#timer ||= window.setTimeout(() => {
      this.#timer = 0
      const ids = [...this.#wanted]
      this.#wanted = new Set()
      void attempt(() => this.#follow(ids))
    }, GATHER_MS)
  }

  async #follow(ids: readonly string[]): Promise<void> {
    await this.#fetch(ids)
    // A vote changes its target; a post that was held may be accepted by it.
    const targets = ids.flatMap((id) => this.blocks.value.get(id)?.like?.target ?? [])
    await this.#fetch(targets)
    await this.#fetchQuestions()
    void this.#fetchPeople()
  }

  /** What is not here any more, as a held post that was removed, is not shown any more. */
  async #fetch(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    try {
      this.#put(await link.call('chain.blocks', { chain: this.chain, ids: [...ids], payloads: INLINE_BYTES }))
    } catch (error) {
      if (ids.length > 1) {
        await Promise.all(ids.map((id) => this.#fetch([id])))
      } else if ((error as { code?: string }).code === 'block-not-found') {
        const left = new Map(this.blocks.value)
        left.delete(ids[0] ?? '')
        this.blocks.value = left
      } else throw error
    }
  }

  async #fetchQuestions(): Promise<void> {
    for (let step = 0; step < MOST_STEPS; step += 1) {
      const named = [...this.blocks.value.values()].flatMap(({ re }) => re ?? [])
      const unknown = [...new Set(named)].filter((id) => !this.blocks.value.has(id) && !this.#asked.has(id))
      if (unknown.length === 0) return
      for (const id of unknown) this.#asked.add(id)
      await this.#fetch(unknown)
    }
  }

  async #fetchPeople(): Promise<void> {
    const authors = new Set([...this.blocks.value.values()].flatMap(({ author }) => author ?? []))
    const of = [...authors].slice(-200)
    if (of.length === 0) return
    const found = await link.call('chain.profiles', { chain: this.chain, of }).catch(() => [])
    this.people.value = new Map(found.map((person) => [person.pub, person]))
  }

  #put(blocks: readonly ListedBlock[]): void {
    const all = new Map(this.blocks.value)
    for (const block of blocks) all.set(block.id, block)
    this.blocks.value = all
  }
}

/** What is to be shown of a post. The bytes decide; the type is a claim (docs/apps.md). */
export type Content =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'picture'; readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly is: 'file'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly is: 'long' | 'missing' | 'hidden' | 'sealed' }

export function contentOf({ content, pay }: ListedBlock): Content {
  if (content === undefined) return { is: 'missing' }
  if (content.is !== 'here') return { is: content.is }
  return bytesAs(fromBase64(content.payload ?? ''), pay.type)
}

export function bytesAs(bytes: Uint8Array<ArrayBuffer>, type: string | undefined): Content {
  const picture = pictureType(bytes)
  if (picture !== undefined) return { is: 'picture', type: picture, bytes }
  const isText = type === undefined || type.startsWith('text/') || type.includes('json')
  const text = isText ? textOf(bytes) : undefined
  return text === undefined ? { is: 'file', bytes } : { is: 'text', text }
}
