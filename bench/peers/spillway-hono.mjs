import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createRequire } from 'node:module'
import { lambdaToHono } from '../../dist/adapters/hono.js'

const { postLead } = createRequire(import.meta.url)('./lead/handler.cjs')

const app = new Hono()
app.post('/lead/:leadId', lambdaToHono(postLead))
serve({ fetch: app.fetch, port: Number(process.argv[2]), hostname: '127.0.0.1' })
