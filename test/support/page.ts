import { readFileSync } from 'node:fs'
import { projectUrl } from './project.js'

/** A block of code of a page: what stands behind the fence, and the text. */
export interface PageBlock {
  readonly kind: string
  readonly text: string
}

/** The blocks of a page, in their order. */
export function blocksOf (path: string): PageBlock[] {
  const page = readFileSync(projectUrl(path), 'utf8')
  return [...page.matchAll(/^```(.+)\n([^]*?)\n```$/gm)].map(([, kind = '', text = '']) => ({ kind, text }))
}
