/** A chat: the newest at the foot, days apart, a mark where the reader left off. */
import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { ListedBlock } from '../../../../src/node/control/shapes.ts'
import { me } from '../keys/vault.ts'
import { dayOf, t, timeOf } from '../lang/lang.ts'
import { Author, Dot } from '../parts/author.tsx'
import { Body } from '../parts/body.tsx'
import { Composer } from '../parts/composer.tsx'
import { attempt } from '../state/app.ts'
import { contentOf, PROFILE, type Feed } from '../state/feed.ts'
import { isPost } from '../state/threads.ts'
import { safeLine } from '../text/plain.ts'

const PLACE = 'freechains.seen.'
/** So near to the foot, the reader follows what comes. */
const FOOT_PX = 120
const QUOTED_CHARS = 80
/** Messages of one author this close together stand under one name. */
const TOGETHER_MS = 5 * 60_000

export function ChatView({ feed }: { readonly feed: Feed }) {
  const target = useSignal<ListedBlock | undefined>(undefined)
  const messages = useComputed(() =>
    [...feed.blocks.value.values()]
      .filter((block) => isPost(block) && block.pay.type !== PROFILE)
      .sort((a, b) => a.time - b.time || a.height - b.height),
  )
  const seenMs = useMemo(() => Number(localStorage.getItem(PLACE + feed.chain) ?? '0'), [feed])
  const newest = messages.value.at(-1)?.time ?? 0
  useEffect(() => {
    if (newest > 0) localStorage.setItem(PLACE + feed.chain, String(newest))
  }, [newest])
  useFollow(newest)
  const unread =
    seenMs === 0 ? undefined : messages.value.find(({ time, author }) => time > seenMs && author !== me.value?.pub)
  return (
    <>
      {feed.before.value !== undefined && (
        <button type="button" class="older" onClick={() => void attempt(() => feed.loadOlder())}>
          {t().chain.older}
        </button>
      )}
      {messages.value.length === 0 && <p class="lead">{t().chain.empty}</p>}
      <div class="messages" role="log" aria-label={t().chat.message}>
        {messages.value.map((block, at) => {
          const before = messages.value[at - 1]
          const isNewDay = before === undefined || dayOf(before.time) !== dayOf(block.time)
          const isAlone = isNewDay || before.author !== block.author || block.time - before.time > TOGETHER_MS
          return (
            <div key={block.id}>
              {isNewDay && <h2 class="day">{dayOf(block.time)}</h2>}
              {unread?.id === block.id && <p class="unread">{t().chat.new}</p>}
              <Message feed={feed} block={block} hasName={isAlone} onReply={() => reply(block)} />
            </div>
          )
        })}
      </div>
      <div class="writer">
        {target.value !== undefined && (
          <p class="answered">
            ↪ {t().post.answering} <Author pub={target.value.author} people={feed.people.value} />{' '}
            {quoted(target.value)}{' '}
            <button type="button" class="small" onClick={() => (target.value = undefined)}>
              ×<span class="unseen">{t().cancel}</span>
            </button>
          </p>
        )}
        <Composer
          chain={feed.chain}
          re={target.value?.id}
          label={t().chat.message}
          isShort
          onSent={() => (target.value = undefined)}
        />
      </div>
    </>
  )

  function reply(block: ListedBlock): void {
    target.value = block
    document.querySelector<HTMLElement>('[data-write]')?.focus()
  }
}

/** Stays at the foot while the reader is there. */
function useFollow(newest: number): void {
  const isAtFoot = useRef(true)
  useEffect(() => {
    const look = (): void => {
      isAtFoot.current = scrollY + innerHeight > document.documentElement.scrollHeight - FOOT_PX
    }
    addEventListener('scroll', look, { passive: true })
    return () => removeEventListener('scroll', look)
  }, [])
  useLayoutEffect(() => {
    if (isAtFoot.current) requestAnimationFrame(() => scrollTo(0, document.documentElement.scrollHeight))
  }, [newest])
}

interface MessageProps {
  readonly feed: Feed
  readonly block: ListedBlock
  readonly hasName: boolean
  readonly onReply: () => void
}

function Message({ feed, block, hasName, onReply }: MessageProps) {
  const question = block.re === undefined ? undefined : feed.blocks.value.get(block.re)
  const isMine = block.author === me.value?.pub
  return (
    <article class={`message${isMine ? ' own' : ''}${hasName ? ' first' : ''}`}>
      <span class="gutter">{hasName && block.author !== undefined && <Dot pub={block.author} />}</span>
      <div class="grow">
        {hasName && (
          <div class="who">
            <Author pub={block.author} people={feed.people.value} />
            <time dateTime={new Date(block.time).toISOString()}>{timeOf(block.time)}</time>
          </div>
        )}
        {question !== undefined && (
          <p class="answered">
            ↪ <Author pub={question.author} people={feed.people.value} /> {quoted(question)}
          </p>
        )}
        <Body chain={feed.chain} block={block} />
      </div>
      <button type="button" class="plain reply" onClick={onReply}>
        <span aria-hidden="true">↩</span>
        <span class="unseen">{t().post.answer}</span>
      </button>
    </article>
  )
}

function quoted(block: ListedBlock): string {
  const content = contentOf(block)
  return content.is === 'text' ? safeLine(content.text.trim().slice(0, QUOTED_CHARS)) : safeLine(block.pay.name ?? '…')
}
