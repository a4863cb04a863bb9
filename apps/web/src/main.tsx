/** The page begins here. */
import { render } from 'preact'
import { App } from './app.tsx'
import { start } from './state/app.ts'
import './state/theme.ts'
import './styles/base.css'
import './styles/shell.css'
import './styles/posts.css'

const place = document.getElementById('app')
if (place !== null) render(<App />, place)
void start()
