/** A labelled field with its hint and what is wrong with it. */
import type { Signal } from '@preact/signals'
import { useId } from 'preact/hooks'

interface FieldProps {
  readonly label: string
  readonly value: Signal<string>
  readonly type?: 'text' | 'password'
  readonly error?: string | undefined
  readonly hint?: string
  readonly autocomplete?: 'off' | 'current-password' | 'new-password'
  readonly placeholder?: string
  readonly isLong?: boolean
}

export function Field({
  label,
  value,
  type = 'text',
  error,
  hint,
  autocomplete = 'off',
  placeholder,
  isLong = false,
}: FieldProps) {
  const id = useId()
  const said = [error === undefined ? '' : `${id}e`, hint === undefined ? '' : `${id}h`].join(' ').trim()
  const common = {
    id,
    value: value.value,
    placeholder: placeholder ?? '',
    'aria-invalid': error !== undefined,
    'aria-describedby': said === '' ? undefined : said,
    onInput: ({ currentTarget }: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) =>
      (value.value = currentTarget.value),
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {isLong && <textarea rows={3} {...common} />}
      {!isLong && type === 'text' && <input type="text" autocomplete={autocomplete} {...common} />}
      {!isLong && type === 'password' && <input type="password" autocomplete={autocomplete} {...common} />}
      {hint !== undefined && (
        <small id={`${id}h`} class="muted">
          {hint}
        </small>
      )}
      {error !== undefined && (
        <small id={`${id}e`} class="bad" role="alert">
          {error}
        </small>
      )}
    </div>
  )
}
