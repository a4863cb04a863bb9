/** The page's language: the browser's, or the one that the reader chose. */
import { effect, signal } from '@preact/signals'
import { en, type Messages } from './en.ts'
import { pt } from './pt.ts'

export const LANGUAGES = { en: 'English', 'pt-BR': 'Português' } as const
export type Language = keyof typeof LANGUAGES

const PLACE = 'freechains.lang'

export const language = signal<Language>(first())

export function t(): Messages {
  return language.value === 'pt-BR' ? pt : en
}

export function setLanguage(to: Language): void {
  language.value = to
  localStorage.setItem(PLACE, to)
}

function first(): Language {
  const kept = localStorage.getItem(PLACE)
  if (kept === 'en' || kept === 'pt-BR') return kept
  return navigator.language.toLowerCase().startsWith('pt') ? 'pt-BR' : 'en'
}

effect(() => {
  document.documentElement.lang = language.value
})

/** The browser's own kind of the language, for the way in which dates are written. */
function locale(): string {
  return navigator.languages.find((tag) => tag.startsWith(language.value.slice(0, 2))) ?? language.value
}

export function timeOf(ms: number): string {
  return new Date(ms).toLocaleTimeString(locale(), { hour: '2-digit', minute: '2-digit' })
}

export function dayOf(ms: number): string {
  return new Date(ms).toLocaleDateString(locale(), {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
  })
}

/** Near times as the clock, far ones as the day. */
export function whenOf(ms: number): string {
  const date = new Date(ms)
  const isToday = date.toDateString() === new Date().toDateString()
  if (isToday) return timeOf(ms)
  return date.toLocaleDateString(locale(), { day: 'numeric', month: 'short', year: 'numeric' })
}

export function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${String(bytes)} B`
  const isBig = bytes >= 1024 * 1024
  const number = (bytes / (isBig ? 1024 * 1024 : 1024)).toLocaleString(locale(), { maximumFractionDigits: 1 })
  return `${number} ${isBig ? 'MiB' : 'KiB'}`
}
