/** Threads, the newest activity first; before them what waits for a welcome. */
import { useComputed, useSignal } from '@preact/signals'
import { t, whenOf } from '../lang/lang.ts'
import { Author, Dot } from '../parts/author.tsx'
import { Composer } from '../parts/composer.tsx'
import { Post } from '../parts/post.tsx'
import { attempt } from '../state/app.ts'
import { contentOf, PROFILE, type Feed } from '../state/feed.ts'
import { hashOf } from '../state/route.ts'
import { isPost, threadsOf, type Thread } from '../state/threads.ts'
import { safeLine } from '../text/plain.ts'

const TITLE_CHARS = 120

export function ForumView({ feed }: { readonly feed: Feed }) {
  const isWriting = useSignal(false)
  const held = useComputed(() =>
    [...feed.blocks.value.values()].filter((block) => isPost(block) && block.state === 'held'),
  )
  const threads = useComputed(() =>
    threadsOf(feed.blocks.value).filter(({ root }) => root.state !== 'held' && root.pay.type !== PROFILE),
  )
  return (
    <>
      {isWriting.value ? (
        <Composer
          chain={feed.chain}
          label={t().post.text}
          onSent={() => (isWriting.value = false)}
          onCancel={() => (isWriting.value = false)}
        />
      ) : (
        <button type="button" class="main new" data-new onClick={() => (isWriting.value = true)}>
          {t().post.new}
        </button>
      )}
      {held.value.length > 0 && (
        <section class="held" aria-label={t().post.waits}>
          <p class="muted">{t().post.waits}</p>
          {held.value.map((block) => (
            <Post key={block.id} feed={feed} block={block} />
          ))}
        </section>
      )}
      {threads.value.length === 0 && held.value.length === 0 && <p class="lead">{t().chain.empty}</p>}
      <ul class="threads">
        {threads.value.map((thread) => (
          <Line key={thread.root.id} feed={feed} thread={thread} />
        ))}
      </ul>
      {feed.before.value !== undefined && (
        <button type="button" onClick={() => void attempt(() => feed.loadOlder())}>
          {t().chain.older}
        </button>
      )}
    </>
  )
}

function Line({ feed, thread: { root, answers, lastTime } }: { readonly feed: Feed; readonly thread: Thread }) {
  const last = answers.at(-1)
  return (
    <li class={`thread ${root.state}`}>
      {root.author !== undefined && <Dot pub={root.author} />}
      <div class="grow">
        <a class="title" href={hashOf(feed.chain, root.id)}>
          {titleOf(root)}
        </a>
        <small class="muted">
          <Author pub={root.author} people={feed.people.value} /> ·{' '}
          <time dateTime={new Date(lastTime).toISOString()}>{whenOf(lastTime)}</time>
          {last !== undefined && (
            <>
              {' '}
              ↩ <Author pub={last.author} people={feed.people.value} />
            </>
          )}
        </small>
      </div>
      <span class="stats">
        <span title={t().post.votes(root.reps)}>▲ {root.reps}</span>
        <span>{t().post.answers(answers.length)}</span>
      </span>
    </li>
  )
}

/** The first line, without the marks of Markdown. */
function titleOf(root: Thread['root']): string {
  if (root.state === 'hidden') return `(${t().post.hidden})`
  const content = contentOf(root)
  if (content.is === 'text') {
    const line = content.text.trim().split('\n', 1)[0] ?? ''
    const bare = line.replace(/^[#>\s*-]+/, '').replace(/\*\*|__|`/g, '')
    return safeLine(bare.slice(0, TITLE_CHARS)) || '…'
  }
  return safeLine(root.pay.name ?? (content.is === 'picture' ? t().post.picture : '…'))
}
