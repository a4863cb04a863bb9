/** Single keys, where nothing is being typed. */
import { useEffect } from 'preact/hooks'
import { say } from '../state/app.ts'
import { t } from '../lang/lang.ts'

export function useShortcuts(): void {
  useEffect(() => {
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
  const act = ACTS[event.key]
  if (act === undefined) return
  event.preventDefault()
  act()
}

const ACTS: Readonly<Record<string, () => void>> = {
  h: () => (location.hash = '#/'),
  n: () =>
    (document.querySelector<HTMLElement>('[data-new]') ?? document.querySelector<HTMLElement>('[data-write]'))?.click(),
  '/': () => document.querySelector<HTMLElement>('[data-write]')?.focus(),
  '?': () => say(t().shortcuts),
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input,textarea,select,[contenteditable]') !== null
}
