/** Authors: the key first, for nobody else can have it; what an author calls himself is marked as his word (docs/apps.md). */
import { keys } from '../keys/vault.ts'
import { t } from '../lang/lang.ts'
import type { Person } from '../state/feed.ts'
import { safeLine } from '../text/plain.ts'

const HUES = 12

export function shortKey(pub: string): string {
  return pub.slice(0, 8)
}

/** A colour of the key: alike colours mean nothing, unlike ones mean another author. */
export function Dot({ pub }: { readonly pub: string }) {
  return (
    <span class={`dot hue${String(parseInt(pub.slice(0, 4), 16) % HUES)}`} aria-hidden="true">
      {pub.slice(0, 2)}
    </span>
  )
}

interface AuthorProps {
  readonly pub: string | undefined
  readonly people: ReadonlyMap<string, Person>
}

export function Author({ pub, people }: AuthorProps) {
  if (pub === undefined) return <span class="author">{t().post.anonymous}</span>
  const own = keys.value.find((stored) => stored.pub === pub)
  const said = people.get(pub)?.name
  return (
    <span class="author" title={pub}>
      {own !== undefined ? (
        <b>
          {safeLine(own.name)} <small>({t().post.you})</small>
        </b>
      ) : (
        <>
          {said !== undefined && (
            <b title={t().post.profile}>
              <span aria-hidden="true">~</span>
              {safeLine(said)}
            </b>
          )}
          <code>{shortKey(pub)}</code>
        </>
      )}
    </span>
  )
}
