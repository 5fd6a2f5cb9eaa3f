import fastify from 'fastify'
import { createRequire } from 'node:module'
import { lambdaToFastify } from '../../dist/adapters/fastify.js'

const { postLead } = createRequire(import.meta.url)('./lead/handler.cjs')

const app = fastify()
// Bodies as they come: the handler parses them itself.
app.removeAllContentTypeParsers()
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.post('/lead/:leadId', lambdaToFastify(postLead))
await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
