import { endWithoutSlashes } from '../events/path.ts'

/** The segments of a path; none for `/`. */
export function segmentsOf(path: string, how: 'as sent' | 'without trailing slashes'): string[] {
  const end = how === 'as sent' && path.length > 1 ? path.length : endWithoutSlashes(path)
  return end === 0 ? [] : path.slice(1, end).split('/')
}
