/** Identities: made, imported, unlocked, written down as words, forgotten. */
import { useSignal } from '@preact/signals'
import {
  choose,
  forget,
  isUnlocked,
  keep,
  keys,
  lock,
  me,
  newSeed,
  seedFor,
  seedOf,
  unlock,
  wordsOf,
  type Stored,
} from '../keys/vault.ts'
import { t } from '../lang/lang.ts'
import { say } from '../state/app.ts'
import { safeLine } from '../text/plain.ts'
import { Dot } from '../parts/author.tsx'
import { Field } from '../parts/field.tsx'
import { submits } from '../parts/submits.ts'

/** Short ones are guessed in an hour, whatever the rounds. */
const SHORTEST = 8

export function KeysView() {
  return (
    <section class="narrow">
      <h1>{t().keys.title}</h1>
      <p class="lead">{t().keys.intro}</p>
      {keys.value.map((stored) => (
        <Identity key={stored.pub} stored={stored} />
      ))}
      <Make />
    </section>
  )
}

function Identity({ stored }: { readonly stored: Stored }) {
  const pass = useSignal('')
  const error = useSignal<string | undefined>(undefined)
  const isBusy = useSignal(false)
  const words = useSignal<string | undefined>(undefined)
  const isMe = me.value?.pub === stored.pub
  const isOpen = isUnlocked.value && seedFor(stored.pub) !== undefined
  const open = async (): Promise<void> => {
    isBusy.value = true
    const isRight = await unlock(stored, pass.value)
    isBusy.value = false
    error.value = isRight ? undefined : t().keys.wrong
    if (!isRight) return
    pass.value = ''
    choose(stored.pub)
  }
  return (
    <article class="card identity">
      <div class="who">
        <Dot pub={stored.pub} />
        <b class="grow">{safeLine(stored.name)}</b>
        {isMe && <span class="tag good">{t().keys.inUse}</span>}
      </div>
      <code class="break">{stored.pub}</code>
      {!isOpen && (
        <form class="line" onSubmit={submits(open)}>
          <Field
            label={t().keys.pass}
            type="password"
            value={pass}
            error={error.value}
            autocomplete="current-password"
          />
          <button type="submit" class="main" disabled={isBusy.value}>
            {isBusy.value ? t().keys.working : t().keys.unlock}
          </button>
        </form>
      )}
      <div class="acts">
        {!isMe && (
          <button type="button" onClick={() => choose(stored.pub)}>
            {t().keys.use}
          </button>
        )}
        {isOpen && (
          <>
            <button type="button" onClick={lock}>
              {t().keys.lock}
            </button>
            <button
              type="button"
              onClick={() => {
                const seed = seedFor(stored.pub)
                if (seed !== undefined) void wordsOf(seed).then((text) => (words.value = text))
              }}
            >
              {t().keys.words}
            </button>
          </>
        )}
        <button
          type="button"
          class="plain quiet"
          onClick={() => {
            if (confirm(t().keys.forgetSure)) forget(stored.pub)
          }}
        >
          {t().keys.forget}
        </button>
      </div>
      {isOpen && words.value !== undefined && (
        <div class="words">
          <p>{t().keys.wordsHint}</p>
          <ol>
            {words.value.split(' ').map((word, at) => (
              <li key={at}>{word}</li>
            ))}
          </ol>
        </div>
      )}
    </article>
  )
}

function Make() {
  const isImport = useSignal(false)
  const name = useSignal('')
  const secret = useSignal('')
  const pass = useSignal('')
  const again = useSignal('')
  const error = useSignal<{ readonly at: string; readonly text: string } | undefined>(undefined)
  const isBusy = useSignal(false)

  const fault = (at: string, text: string): void => void (error.value = { at, text })
  const at = (place: string): string | undefined => (error.value?.at === place ? error.value.text : undefined)

  const make = async (): Promise<void> => {
    if (name.value.trim() === '') return fault('name', t().keys.nameMissing)
    if (pass.value.length < SHORTEST) return fault('pass', t().keys.passShort)
    if (pass.value !== again.value) return fault('again', t().keys.passDiffer)
    const seed = isImport.value ? await seedOf(secret.value) : newSeed()
    if (seed === undefined) return fault('secret', t().keys.badSecret)
    error.value = undefined
    isBusy.value = true
    await keep(name.value.trim(), seed, pass.value)
    isBusy.value = false
    for (const field of [name, secret, pass, again]) field.value = ''
    say(t().keys.done)
  }

  return (
    <form class="card" onSubmit={submits(make)}>
      <div class="tabs">
        <button type="button" aria-pressed={!isImport.value} onClick={() => (isImport.value = false)}>
          {t().keys.make}
        </button>
        <button type="button" aria-pressed={isImport.value} onClick={() => (isImport.value = true)}>
          {t().keys.import}
        </button>
      </div>
      <Field label={t().keys.name} value={name} error={at('name')} autocomplete="off" />
      {isImport.value && <Field label={t().keys.secret} value={secret} error={at('secret')} autocomplete="off" />}
      <Field
        label={t().keys.pass}
        type="password"
        value={pass}
        error={at('pass')}
        hint={t().keys.passHint}
        autocomplete="new-password"
      />
      <Field label={t().keys.passAgain} type="password" value={again} error={at('again')} autocomplete="new-password" />
      <button type="submit" class="main" disabled={isBusy.value}>
        {isBusy.value ? t().keys.working : isImport.value ? t().keys.import : t().keys.make}
      </button>
    </form>
  )
}
