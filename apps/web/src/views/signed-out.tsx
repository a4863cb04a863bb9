/** The node does not know this browser: how to get in. */
import { t } from '../lang/lang.ts'

export function SignedOut() {
  return (
    <main class="out">
      <img src="/icon.svg" alt="" width="56" height="56" />
      <h1>{t().out.title}</h1>
      <p>{t().out.text}</p>
      <p>
        {t().out.run} <code>freechains web</code>
      </p>
    </main>
  )
}
