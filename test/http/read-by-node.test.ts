import { readByNode } from './serve.ts'

// What holds of the API holds whoever reads its requests: the same tests, on the other reader.
readByNode()
await import('./api.test.ts')
await import('./streamed.test.ts')
