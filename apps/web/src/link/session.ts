/** Signing in: the link that the node prints has a one-time token behind `#`, which is swapped for a cookie once. */

const TOKEN = /^#token=([\w-]+)$/

/** Takes the token out of the address, so that neither the history nor a copied link has it. */
function takeToken(): string | undefined {
  const token = TOKEN.exec(location.hash)?.[1]
  if (token !== undefined) history.replaceState(null, '', location.pathname)
  return token
}

/** Whether the node knows this browser; `undefined` if it does not answer. */
export async function isSignedIn(): Promise<boolean | undefined> {
  const token = takeToken()
  try {
    if (token !== undefined) {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch('/session', { method: 'POST', headers, body: JSON.stringify({ token }) })
      if (answer.ok) return true
    }
    const { ok, status } = await fetch('/session', { cache: 'no-store' })
    if (ok) return true
    return status === 401 ? false : undefined
  } catch {
    return undefined
  }
}
