/** One post: who, when, what, and what can be done about it. */
import { useSignal } from '@preact/signals'
import type { ListedBlock } from '../../../../src/node/control/shapes.ts'
import { publish } from '../keys/publish.ts'
import { isUnlocked, me } from '../keys/vault.ts'
import { t, whenOf } from '../lang/lang.ts'
import { attempt, link, say } from '../state/app.ts'
import type { Feed } from '../state/feed.ts'
import { safeLine } from '../text/plain.ts'
import { Author, Dot } from './author.tsx'
import { Body } from './body.tsx'

interface PostProps {
  readonly feed: Feed
  readonly block: ListedBlock
  readonly onReply?: ((block: ListedBlock) => void) | undefined
  readonly isFlat?: boolean
}

export function Post({ feed, block, onReply, isFlat = false }: PostProps) {
  const isWhy = useSignal(false)
  const { state, author, id } = block
  const question = block.re === undefined ? undefined : feed.blocks.value.get(block.re)
  return (
    <article class={`post ${state}`} id={`p${id}`} aria-label={`${author?.slice(0, 8) ?? ''} ${whenOf(block.time)}`}>
      <div class="who">
        {author !== undefined && <Dot pub={author} />}
        <Author pub={author} people={feed.people.value} />
        <time dateTime={new Date(block.time).toISOString()} title={new Date(block.time).toLocaleString()}>
          {whenOf(block.time)}
        </time>
        {state === 'held' && <span class="tag wait">{t().post.welcome}?</span>}
        {state === 'hidden' && <span class="tag">{t().post.hidden}</span>}
      </div>
      {question !== undefined && !isFlat && (
        <p class="answered">
          ↪ {t().post.answering} <Author pub={question.author} people={feed.people.value} />
        </p>
      )}
      {state === 'hidden' ? (
        <details class="folded">
          <summary>{t().post.show}</summary>
          <p>{safeLine(block.why)}</p>
        </details>
      ) : (
        <Body chain={feed.chain} block={block} />
      )}
      <div class="acts">
        {state === 'held' ? <HeldActs feed={feed} block={block} /> : <VoteActs feed={feed} block={block} />}
        {onReply !== undefined && state === 'accepted' && (
          <button type="button" class="plain" onClick={() => onReply(block)}>
            ↩ {t().post.answer}
          </button>
        )}
        <button
          type="button"
          class="plain quiet"
          aria-expanded={isWhy.value}
          onClick={() => (isWhy.value = !isWhy.value)}
        >
          <span aria-hidden="true">?</span>
          <span class="unseen">{t().post.why}</span>
        </button>
      </div>
      {isWhy.value && (
        <dl class="card">
          <dt>{t().post.why}</dt>
          <dd>
            {state} — {safeLine(block.why)}
          </dd>
          <dt>Id</dt>
          <dd>
            <code>{id}</code>
          </dd>
          {author !== undefined && <AuthorFacts feed={feed} pub={author} />}
        </dl>
      )}
    </article>
  )
}

function AuthorFacts({ feed, pub }: { readonly feed: Feed; readonly pub: string }) {
  const reps = useSignal<string>('…')
  const ask = async (): Promise<void> => {
    reps.value = t().chain.reps((await link.call('chain.reps', { chain: feed.chain, of: pub })) as number | 'unlimited')
  }
  if (reps.value === '…') void attempt(ask)
  const about = feed.people.value.get(pub)?.about
  return (
    <>
      <dt>{t().post.who}</dt>
      <dd>
        <code>{pub}</code>
        <br />
        {reps.value}
        {about !== undefined && <p>“{safeLine(about)}”</p>}
      </dd>
    </>
  )
}

interface ActProps {
  readonly feed: Feed
  readonly block: ListedBlock
}

type How = 'like' | 'dislike'

function vote(feed: Feed, how: How, id: string): Promise<boolean> {
  return attempt(async () => {
    await publish({ chain: feed.chain, ...(how === 'like' ? { like: id } : { dislike: id }) })
    await feed.refresh([id])
  })
}

function Vote({ feed, id, how }: { readonly feed: Feed; readonly id: string; readonly how: How }) {
  const { cost, [how]: name } = t().post
  return (
    <button
      type="button"
      class="plain"
      disabled={!isUnlocked.value}
      title={cost}
      onClick={() => void vote(feed, how, id)}
    >
      <span aria-hidden="true">{how === 'like' ? '▲' : '▼'}</span>
      <span class="unseen">
        {name}, {cost}
      </span>
    </button>
  )
}

function VoteActs({ feed, block: { id, reps, author, state } }: ActProps) {
  const isMine = author !== undefined && author === me.value?.pub
  return (
    <>
      {!isMine && <Vote feed={feed} id={id} how="like" />}
      <span class="reps" title={t().post.votes(reps)}>
        <span class="unseen">{t().post.votes(reps)}</span>
        <span aria-hidden="true">{reps}</span>
      </span>
      {!isMine && <Vote feed={feed} id={id} how="dislike" />}
      {isMine && state === 'accepted' && (
        <button
          type="button"
          class="plain quiet"
          disabled={!isUnlocked.value}
          onClick={() => {
            if (confirm(t().post.backSure)) void vote(feed, 'dislike', id)
          }}
        >
          {t().post.back}
        </button>
      )}
    </>
  )
}

function HeldActs({ feed, block: { id, author } }: ActProps) {
  if (author === me.value?.pub) return <span class="muted">{t().post.waits}</span>
  return (
    <>
      <button
        type="button"
        class="main"
        disabled={!isUnlocked.value}
        title={t().post.cost}
        onClick={() => void vote(feed, 'like', id).then((went) => went && say(t().post.welcomed))}
      >
        {t().post.welcome}
      </button>
      <button
        type="button"
        class="plain quiet"
        onClick={() =>
          void attempt(async () => {
            await link.call('chain.remove', { chain: feed.chain, id })
            await feed.refresh([id])
          })
        }
      >
        {t().post.remove}
      </button>
    </>
  )
}
